#include "api/event_facts.hpp"

#include <google/protobuf/util/json_util.h>

#include <catch2/catch.hpp>

namespace cartwise::rental {
namespace {

constexpr char kId[] = "0190a000-0000-7000-8000-000000000001";

events::v1::Event EventOf(const std::string& type, const std::string& payload) {
  events::v1::Event event;
  event.set_id(kId);
  event.set_chain_id(kId);
  event.set_branch_id(kId);
  event.set_device_id(kId);
  event.set_type(type);
  event.mutable_occurred_at()->set_seconds(1'780'000'000);
  event.set_sequence(7);
  REQUIRE(google::protobuf::util::JsonStringToMessage(payload, event.mutable_payload()).ok());
  return event;
}

std::string LockPayload(const std::string& more = "") {
  return R"({"controller_id": ")" + std::string(kId) + R"(", "lock": 3)" + more + "}";
}

TEST_CASE("a lock's word is read whole", "[events]") {
  const auto fact =
      FactIn(EventOf("lock.closed", LockPayload(R"(, "item_left": "NO", "item_present": true)")));
  REQUIRE(fact.has_value());
  const auto& change = std::get<LockChange>(*fact);
  CHECK(change.closed);
  CHECK(change.lock == 3);
  CHECK(change.item_left == ItemLeft::kNo);
  CHECK(change.sequence == 7);
  CHECK(change.command.empty());
  CHECK(change.occurred_at == absl::FromUnixSeconds(1'780'000'000));
}

TEST_CASE("without sensors a cart is behind every closed hook", "[events]") {
  const auto present = [](const std::string& more) {
    return std::get<LockChange>(*FactIn(EventOf("lock.closed", LockPayload(more)))).item_present;
  };
  CHECK(present(""));
  CHECK_FALSE(present(R"(, "item_present": false)"));
}

TEST_CASE("a branch is read with its term, the usual one when it says none", "[events]") {
  const std::string id = R"({"id": ")" + std::string(kId) + R"(")";
  const auto fact =
      FactIn(EventOf("branch.updated",
                     id + R"(, "active": false, "rental_term_seconds": 600, "time_zone": "UTC"})"));
  REQUIRE(fact.has_value());
  const auto& told = std::get<BranchTold>(*fact);
  CHECK_FALSE(told.active);
  CHECK(told.rental_term == absl::Minutes(10));
  CHECK(told.time_zone == "UTC");
  const auto plain = FactIn(EventOf("branch.created", id + "}"));
  CHECK(std::get<BranchTold>(*plain).rental_term == absl::Hours(2));
  CHECK(std::get<BranchTold>(*FactIn(EventOf("branch.deleted", id + "}"))).deleted);
}

TEST_CASE("a board is told with whether its device is online and reaches it", "[events]") {
  const auto told = [](const std::string& status, const std::string& device_online) {
    const std::string id = "\"" + std::string(kId) + "\"";
    const auto fact = FactIn(
        EventOf("controller.found", R"({"id": )" + id + R"(, "branch_id": )" + id +
                                        R"(, "device_id": )" + id + R"(, "status": ")" + status +
                                        R"(", "device_online": )" + device_online + "}"));
    REQUIRE(fact.has_value());
    return std::pair(std::get<ControllerTold>(*fact).online,
                     std::get<ControllerTold>(*fact).reached);
  };
  CHECK(told("ACTIVE", "true") == std::pair(true, true));
  CHECK(told("ERROR", "true") == std::pair(true, false));
  CHECK(told("INACTIVE", "true") == std::pair(true, false));
  CHECK(told("ACTIVE", "false") == std::pair(false, true));
}

TEST_CASE("what can never be taken in does not hold up what is behind it", "[events]") {
  CHECK_FALSE(FactIn(EventOf("lock.closed", "{}")));
  CHECK_FALSE(FactIn(EventOf("lock.closed", R"({"controller_id": 5, "lock": "x"})")));
  CHECK_FALSE(FactIn(EventOf(
      "lock.opened", R"({"controller_id": ")" + std::string(kId) + R"(", "lock": 1e300})")));
  CHECK_FALSE(FactIn(EventOf("lock.snapshot", "{}")));
  CHECK_FALSE(FactIn(EventOf("branch.created", R"({"id": "no"})")));
  CHECK_FALSE(FactIn(EventOf("controller.created", R"({"id": [1]})")));
  CHECK_FALSE(FactIn(EventOf("device.rebooted", "{}")));
  events::v1::Event homeless = EventOf("device.online", "{}");
  homeless.clear_branch_id();
  CHECK_FALSE(FactIn(homeless));
  events::v1::Event tenantless = EventOf("device.online", "{}");
  tenantless.set_chain_id("x");
  CHECK_FALSE(FactIn(tenantless));
}

}  // namespace
}  // namespace cartwise::rental
