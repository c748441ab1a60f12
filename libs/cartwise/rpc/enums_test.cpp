#include "cartwise/rpc/enums.hpp"

#include <catch2/catch.hpp>

#include "cartwise/base/errors.hpp"
#include "cartwise/device/v1/agent.pb.h"
#include "cartwise/events/v1/event.pb.h"
#include "cartwise/rental/v1/rentals.pb.h"
#include "cartwise/testing/status.hpp"

namespace cartwise::rpc {
namespace {

TEST_CASE("a number that an enum does not name is refused", "[enums]") {
  rental::v1::ListRentalHistoryRequest request;
  REQUIRE(HasEnums(request.GetDescriptor()));
  REQUIRE_OK(CheckEnums(request));
  request.set_status(rental::v1::Rental::ACTIVE);
  REQUIRE_OK(CheckEnums(request));

  request.set_status(static_cast<rental::v1::Rental::Status>(100));
  CHECK(errors::Reason(CheckEnums(request)) == "INVALID_FIELD");
}

TEST_CASE("enums within messages count, those of a Struct do not", "[enums]") {
  device::v1::ControlRequest message;
  auto& result = *message.mutable_result();
  (*result.mutable_seen()->mutable_fields())["none"].set_null_value(
      static_cast<google::protobuf::NullValue>(7));
  REQUIRE_OK(CheckEnums(message));
  result.set_outcome(static_cast<device::v1::CommandResult::Outcome>(77));
  CHECK(errors::Reason(CheckEnums(message)) == "INVALID_FIELD");

  CHECK_FALSE(HasEnums(events::v1::DeliverRequest::descriptor()));
}

}  // namespace
}  // namespace cartwise::rpc
