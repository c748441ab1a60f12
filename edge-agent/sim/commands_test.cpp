#include "sim/commands.hpp"

#include <catch2/catch.hpp>

namespace cartwise::sim {
namespace {

using nlohmann::json;

struct Fixture {
  Fixture()
      : boards({0}, 0, agenda, [this](const Event& e) { events.push_back(e); }),
        bus(
            boards, agenda, Pace{}, [](const Event&) {}, [](const Bytes&) {}),
        wire("unused"),
        commands(
            boards, bus, wire, [this](const Event& e) { events.push_back(e); }, [] {}) {}

  json Tell(const std::string& line) { return json::parse(commands.Execute(line, 0)); }
  bool Ok(const std::string& line) { return Tell(line).at("ok").get<bool>(); }
  std::string Error(const std::string& line) { return Tell(line).at("error").get<std::string>(); }

  Agenda agenda;
  std::vector<Event> events;
  Boards boards;
  Bus bus;
  Wire wire;
  Commands commands;
};

TEST_CASE("state tells of hooks, items, pulses and faults", "[sim]") {
  Fixture f;
  REQUIRE(f.Ok("fault jam 0 5"));
  REQUIRE(f.Ok("fault noise 0.001"));
  f.boards.Pulse(0, 3, {}, 0);

  const json state = f.Tell("state");

  CHECK(state["ok"] == true);
  CHECK(state["plugged"] == false);
  const json board = state["boards"][0];
  CHECK(board["board"] == 0);
  CHECK(board["hooks"].size() == 15);
  CHECK(board["items"].size() == 15);
  CHECK(board["jammed"] == json::array({5}));
  CHECK(board["pulses"] == json{{"3", 1}});
  CHECK(state["faults"]["noise"] == 0.001);
}

TEST_CASE("carts are pushed, taken and broken loose by hand", "[sim]") {
  Fixture f;
  CHECK(f.Ok("auto_take off"));
  CHECK(f.Ok("force 0 3"));
  CHECK(f.Ok("take 0 3"));
  CHECK(f.Error("take 0 3") == "no cart stands at lock 3 of board 0");
  CHECK(f.Ok("  push  0 3 \r"));
  CHECK(f.Error("push 0 3") == "lock 3 of board 0 is locked already");
}

TEST_CASE("every fault can be set, is on the record, and is cleared", "[sim]") {
  Fixture f;
  const json healthy = f.Tell("state")["faults"];
  for (const std::string fault :
       {"lost_reply -1", "lost_reply_after_pulse 2", "half_frame 1", "busy 3", "garbage 4",
        "noise 1e-3", "late_reply 250", "bounce 30", "echo on", "jam 0 1", "blind 0 1", "invert 0",
        "silent 0"}) {
    CAPTURE(fault);
    CHECK(f.Ok("fault " + fault));
    CHECK(f.events.back().name == "fault");
    CHECK(f.events.back().cause == fault);
  }
  CHECK(f.bus.faults().late_reply == 250'000);

  CHECK(f.Ok("clear"));

  CHECK(f.Tell("state")["faults"] == healthy);
  CHECK(f.Tell("state")["boards"][0]["jammed"].empty());
  CHECK(f.Tell("state")["boards"][0]["inverted"] == false);
}

TEST_CASE("what is not understood is refused with what is allowed", "[sim]") {
  Fixture f;
  const std::string line = GENERATE(values<std::string>({"",
                                                         "open 0 3",
                                                         "state now",
                                                         "push",
                                                         "push 0",
                                                         "push 0 3 4",
                                                         "auto_take maybe",
                                                         "fault",
                                                         "fault rain 3",
                                                         "fault jam 0",
                                                         "fault lost_reply",
                                                         "fault busy many",
                                                         "fault noise 2",
                                                         "fault noise nan",
                                                         "push 0 17",
                                                         "push 1 3",
                                                         "push a b",
                                                         "fault silent 3",
                                                         "fault echo 1",
                                                         "fault lost_reply -2",
                                                         "\xff\xfe",
                                                         "plug now"}));
  CAPTURE(line);

  CHECK_FALSE(f.Ok(line));
  CHECK(f.Error(line).size() > 10);
  CHECK(f.events.empty());
}

}  // namespace
}  // namespace cartwise::sim
