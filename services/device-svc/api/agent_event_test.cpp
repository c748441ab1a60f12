#include "api/agent_event.hpp"

#include <catch2/catch.hpp>

#include "api/agent_messages.hpp"
#include "api/translation.hpp"
#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/testing/status.hpp"

namespace cartwise::device {
namespace {

const std::string kEpoch(32, 'a');
const absl::Time kWall = absl::FromUnixSeconds(1'780'000'000);
const ClockSample kSample{1'000'000, absl::Seconds(50), kWall};

v1::AgentEvent Closed() {
  v1::AgentEvent event;
  event.set_event_id("0190AAAA-0000-7000-8000-000000000001");
  event.set_journal_seq(7);
  event.set_type("lock.closed");
  event.set_subject("lock-3");
  event.set_agent_epoch(kEpoch);
  event.set_boot_clock_ms(990'000);
  (*event.mutable_payload()->mutable_fields())["lock"].set_number_value(3);
  return event;
}

const DeviceKey kDevice{ChainId::New(), DeviceId::New()};
const BranchId kBranch = BranchId::New();

TEST_CASE("an agent's event is its device's, at the time the device saw it", "[event]") {
  const auto event = ToEvent(Closed(), kDevice, kBranch, kSample, kEpoch, kWall + absl::Seconds(5));
  REQUIRE_OK(event);
  CHECK(event->id() == "0190aaaa-0000-7000-8000-000000000001");
  CHECK(event->chain_id() == kDevice.chain.value());
  CHECK(event->branch_id() == kBranch.value());
  CHECK(event->device_id() == kDevice.device.value());
  CHECK(event->source() == "agent");
  CHECK(event->sequence() == 7);
  CHECK(FromTimestamp(event->occurred_at()) == kWall - absl::Seconds(10));
  CHECK(event->payload().fields().at("lock").number_value() == 3);
}

TEST_CASE("an event that no sink could take is refused here", "[event]") {
  const auto refused = [](auto spoil) {
    v1::AgentEvent event = Closed();
    spoil(event);
    return !ToEvent(std::move(event), kDevice, kBranch, kSample, kEpoch, kWall).ok();
  };
  CHECK(refused([](auto& event) { event.set_event_id("1"); }));
  CHECK(refused([](auto& event) { event.set_type(""); }));
  CHECK(refused([](auto& event) { event.set_type("Lock Closed"); }));
  CHECK(refused([](auto& event) { event.set_subject(std::string(201, 'x')); }));
  CHECK(refused([](auto& event) {
    (*event.mutable_payload()->mutable_fields())["big"].set_string_value(std::string(20'000, 'x'));
  }));
}

TEST_CASE("what cannot be stored of a result is left out, not the result", "[result]") {
  v1::CommandResult result;
  result.set_outcome(v1::CommandResult::SUCCEEDED);
  result.set_reason("not a reason\n");
  auto& seen = *result.mutable_seen()->mutable_fields();
  seen["pulses"].set_number_value(1e300);
  seen["note"].set_string_value(std::string("a\0b", 3));

  const Outcome outcome = OutcomeOf(result);

  CHECK(outcome.state == CommandState::kSucceeded);
  CHECK(outcome.reason == "UNREADABLE");
  CHECK(outcome.seen == "{}");
  CHECK(outcome.attempts == 1000);
}

TEST_CASE("of a result that saw more than 16 KiB only the outcome is kept", "[result]") {
  v1::CommandResult result;
  result.set_outcome(v1::CommandResult::FAILED);
  auto& seen = *result.mutable_seen()->mutable_fields();
  seen["pulses"].set_number_value(2);
  seen["note"].set_string_value(std::string(16'000, 'x'));
  CHECK(OutcomeOf(result).seen.size() > 16'000);

  seen["more"].set_string_value(std::string(1'000, 'x'));
  const Outcome outcome = OutcomeOf(result);

  CHECK(outcome.state == CommandState::kFailed);
  CHECK(outcome.seen == "{}");
  CHECK(outcome.attempts == 2);
}

TEST_CASE("an outcome that this program does not know is UNKNOWN", "[result]") {
  v1::CommandResult result;
  result.set_outcome(v1::CommandResult::Outcome(99));
  CHECK(OutcomeOf(result).state == CommandState::kUnknown);
}

TEST_CASE("an order is signed as it travels", "[order]") {
  Order order;
  order.command = CommandId::New();
  order.device = {ChainId::New(), DeviceId::New()};
  order.agent_epoch = kEpoch;
  order.seq = 4;
  order.not_after_ms = 1'005'000;
  order.kind = "lock.unlock";
  order.arguments = R"({"lock": 3})";
  const auth::SigningKey signing = auth::NewTestKey("device-test");
  const auto keys = auth::KeySet::FromPem({{signing.id(), signing.PublicPem()}}).value();

  const auto message = Signed(order, signing);

  const auto& proven = message.order();
  CHECK(proven.key_id() == "device-test");
  CHECK(keys.Verify(proven.key_id(), proven.order(), proven.signature()));
  v1::Order read;
  REQUIRE(read.ParseFromString(proven.order()));
  CHECK(read.seq() == 4);
  CHECK(read.not_after_ms() == 1'005'000);
  CHECK(read.arguments().fields().at("lock").number_value() == 3);
}

TEST_CASE("a last page has no token, a full one names its last item", "[page]") {
  const auto key = [](int item) { return std::vector<std::string>{std::to_string(item)}; };
  std::vector<int> items = {1, 2};
  CHECK(CutPage(items, {2, {}}, key).empty());
  items = {1, 2, 3};
  CHECK(CutPage(items, {2, {}}, key) == PageToken({"2"}));
  CHECK(items.size() == 2);
}

}  // namespace
}  // namespace cartwise::device
