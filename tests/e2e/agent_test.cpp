#include <catch2/catch.hpp>

#include <absl/time/clock.h>

#include "e2e/the_fleet.hpp"

namespace cartwise::fleet {
namespace {

constexpr int64_t kOrdersLifeUs = 5'000'000;  ///< an order that is older opens nothing

absl::Time TimeOf(const Json& text) {
  absl::Time time;
  REQUIRE(absl::ParseTime(absl::RFC3339_full, text.get<std::string>(), &time, nullptr));
  return time;
}

TEST_CASE("an offline device refuses at once and nothing is queued for later", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain);
  rack.agent().Kill();
  REQUIRE(rack.WaitOnline(false));

  const Answer refused = rack.Assign(NewPhone());
  CHECK(refused.status == 409);
  CHECK(refused.code() == "DEVICE_OFFLINE");
  const Json command = {
      {"kind", "lock.unlock"},
      {"arguments", {{"controller_id", rack.Carts()[0]["controller_id"]}, {"lock", 1}}},
      {"purpose", "test"}};
  const Answer direct =
      chain.owner->Post("/api/devices/" + rack.device_id() + "/commands", command);
  CHECK(direct.code() == "DEVICE_OFFLINE");

  rack.StartAgent();
  REQUIRE(rack.WaitOnline());
  const Answer rental = rack.Assign(NewPhone());
  INFO(rental.text);
  CHECK(rental.ok());
  CHECK(rack.board().Pulses().size() == 1);
}

TEST_CASE("an order that is stuck on a dead line: no pulse, an honest answer", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain, {.gate = true});
  rack.gate().Close();

  const Answer answer = rack.Assign(NewPhone());

  INFO(answer.text);
  CHECK(answer.status == 503);
  CHECK(answer.code() == "UNLOCK_UNCONFIRMED");
  const std::string rental = answer.body["rental_id"];
  CHECK(rack.board().Pulses().empty());

  // Healed: the order arrives now, too late, and is dropped; the rental ends unopened.
  rack.gate().Open();
  const Json settled = rack.WaitRental(rental, "CANCELLED", 60);
  CHECK(settled["status"] == "CANCELLED");
  const Answer order = chain.owner->Get("/api/commands/" + rental);
  INFO(order.text);
  CHECK(order.body["state"] == "DROPPED");
  CHECK(order.body["reason"] == "TOO_LATE");
  CHECK(rack.board().Pulses().empty());
  REQUIRE(rack.WaitOnline());
  CHECK(rack.Assign(NewPhone()).ok());
  CHECK(rack.board().Pulses().size() == 1);
}

TEST_CASE("an agent killed at any step of a command never pulses twice and never late", "[e2e]") {
  Chain chain(TheFleet());
  const std::string step = GENERATE("after_accept", "after_intent", "after_pulse", "after_read",
                                    "after_result", "before_report");
  CAPTURE(step);
  Rack rack(TheFleet(), chain, {.carts = 1});
  rack.agent().Kill();
  REQUIRE(rack.WaitOnline(false));
  rack.StartAgent(step);
  REQUIRE(rack.WaitOnline());
  REQUIRE(Eventually([&] { return rack.Carts()[0]["online"] == true; }));

  const Answer answer = rack.Assign(NewPhone());
  INFO(answer.text);
  const size_t pulses = rack.board().Pulses().size();
  const bool pulsed = step != "after_accept" && step != "after_intent";
  CHECK(pulses == (pulsed ? 1u : 0u));
  // What is written was told already; whether that has left the Pi is a matter of luck.
  if (step != "after_result") CHECK_FALSE(answer.ok());

  rack.agent().Wait();
  rack.StartAgent();
  REQUIRE(rack.WaitOnline());
  const Json history = chain.owner->Get(rack.Path("/rentals/history")).body["rentals"];
  REQUIRE(history.size() == 1);
  const Json settled =
      rack.WaitRental(history[0]["id"], "ACTIVE CANCELLED NOT_OPENED NOT_TAKEN", 60);
  INFO(settled.dump());
  INFO(chain.owner->Get("/api/telemetry/devices/" + rack.device_id()).text);
  INFO(chain.owner->Get("/api/devices/" + rack.device_id() + "/commands").text);
  CHECK((settled["status"] == "ACTIVE") == pulsed);
  CHECK(rack.board().Pulses().size() == pulses);
  for (const Pulse& pulse : rack.board().Pulses()) {
    CHECK(pulse.first_byte_us - answer.sent_us <= kOrdersLifeUs);
  }
}

TEST_CASE("returns made while the cloud is away arrive once, with the Pi's time", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain, {.gate = true});
  std::vector<Answer> rentals;
  for (int i = 0; i < 3; ++i) rentals.push_back(rack.Assign(NewPhone()));
  rack.gate().Cut();
  REQUIRE(rack.WaitOnline(false));
  const size_t snapshots = rack.Told("lock.snapshot").size();

  for (const Answer& rental : rentals) {
    REQUIRE(rental.ok());
    rack.board().Do("push " + rack.PlaceOf(rental.body["cart_id"]));
  }
  std::vector<absl::Time> pushed;
  for (const Json& line : rack.board().Log()) {
    if (line.value("event", "") == "pushed") pushed.push_back(TimeOf(line["time"]));
  }
  REQUIRE(pushed.size() == 3);
  // The agent has looked often enough to be sure of all three.
  const auto replies = [&] { return rack.board().Do("state")["counters"]["replies"].get<int>(); };
  const int before = replies();
  REQUIRE(Eventually([&] { return replies() >= before + 10; }));
  const absl::Time healed = absl::Now();
  rack.gate().Open();

  for (size_t i = 0; i < rentals.size(); ++i) {
    const Json ended = rack.WaitRental(rentals[i].body["id"], "RETURNED", 60);
    REQUIRE(ended["status"] == "RETURNED");
    CAPTURE(pushed[i], healed, ended["actual_return"]);
    CHECK(TimeOf(ended["actual_return"]) >= pushed[i]);
    CHECK(TimeOf(ended["actual_return"]) < healed);
  }
  // The snapshot follows all that waited.
  REQUIRE(Eventually([&] { return rack.Told("lock.snapshot").size() > snapshots; }));
  CHECK(rack.Told("lock.closed").size() == 3);
  REQUIRE(Eventually([&] { return rack.Told("rental.returned").size() >= 3; }));
  CHECK(rack.Told("rental.returned").size() == 3);
}

TEST_CASE("an unplugged adapter is survived and explained", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain);
  rack.board().Do("unplug");
  CHECK(Eventually([&] { return rack.Told("lock.board_lost").size() == 1; }));

  rack.board().Do("plug");

  CHECK(Eventually([&] { return rack.Assign(NewPhone()).ok(); }));
}

}  // namespace
}  // namespace cartwise::fleet
