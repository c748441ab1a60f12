#include "proxy/proxied_call.hpp"

#include <catch2/catch.hpp>

#include "cartwise/base/errors.hpp"
#include "cartwise/rpc/status.hpp"

namespace cartwise::gateway {
namespace {

TEST_CASE("what fails without a reason is told without the words of the inside", "[proxy]") {
  using grpc::StatusCode;
  const auto code = GENERATE(StatusCode::ABORTED, StatusCode::ALREADY_EXISTS,
                             StatusCode::FAILED_PRECONDITION, StatusCode::DEADLINE_EXCEEDED,
                             StatusCode::UNAVAILABLE, StatusCode::UNKNOWN, StatusCode::INTERNAL);
  const grpc::Status shown = Presentable({code, "database: deadlock detected [40P01]"});

  CHECK(shown.error_code() == code);
  CHECK_FALSE(shown.error_message().empty());
  CHECK(shown.error_message().find("database") == std::string::npos);
}

TEST_CASE("a refusal is told as it is", "[proxy]") {
  const grpc::Status refusal = rpc::ToGrpc(
      errors::Refuse(absl::StatusCode::kFailedPrecondition, "NO_FREE_CART", "every cart is out"));

  CHECK(Presentable(refusal).error_message() == "every cart is out");
}

}  // namespace
}  // namespace cartwise::gateway
