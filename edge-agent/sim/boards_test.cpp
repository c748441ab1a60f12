#include "sim/boards.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "sim/shoppers.hpp"

namespace cartwise::sim {
namespace {

struct Fixture {
  explicit Fixture(Micros open_delay = 0)
      : boards({0, 4}, open_delay, agenda, [this](const Event& e) { events.push_back(e); }) {}

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const Event& event : events) names.push_back(event.name);
    return names;
  }

  Agenda agenda;
  std::vector<Event> events;
  Boards boards;
};

const Cause kFrame{"0202310338", 7};

TEST_CASE("a pulse opens one lock and the cart is taken at once", "[sim]") {
  Fixture f;

  f.boards.Pulse(0, 3, kFrame, 10);

  CHECK(f.Names() == std::vector<std::string>{"pulse", "opened", "taken"});
  CHECK(f.events[0].opened == true);
  CHECK(f.events[0].cause == "0202310338");
  CHECK(f.events[0].first_byte_at == 7);
  CHECK(f.boards.HookBits(0, 10) == 0xFFFB);
  CHECK(f.boards.ItemBits(0) == 0xFFFB);
  CHECK(f.boards.HookBits(4, 10) == 0xFFFF);
}

TEST_CASE("without auto_take the cart stands at the open lock", "[sim]") {
  Fixture f;
  f.boards.set_auto_take(false);

  f.boards.Pulse(0, 16, kFrame, 10);

  CHECK(f.boards.HookBits(0, 10) == 0x7FFF);
  CHECK(f.boards.ItemBits(0) == 0xFFFF);
  CHECK(f.boards.Take(0, 16, 11).ok());
  CHECK(f.boards.ItemBits(0) == 0x7FFF);
  CHECK_FALSE(f.boards.Take(0, 16, 12).ok());
}

TEST_CASE("a second pulse is on the record but opens nothing", "[sim]") {
  Fixture f;
  f.boards.Pulse(0, 3, kFrame, 10);

  f.boards.Pulse(0, 3, kFrame, 20);

  CHECK(f.events.back().name == "pulse");
  CHECK(f.events.back().opened == false);
  CHECK(f.boards.latch(0, 3).pulses == 2);
}

TEST_CASE("a jammed lock is pulsed and stays shut until the fault is cleared", "[sim]") {
  Fixture f;
  REQUIRE(f.boards.Jam(0, 3).ok());

  f.boards.Pulse(0, 3, kFrame, 10);
  CHECK(f.Names() == std::vector<std::string>{"pulse"});
  CHECK(f.events[0].opened == false);
  CHECK(f.boards.HookBits(0, 10) == 0xFFFF);

  f.boards.ClearFaults();
  f.boards.Pulse(0, 3, kFrame, 20);
  CHECK(f.boards.HookBits(0, 20) == 0xFFFB);
}

TEST_CASE("a slow hook opens after its delay", "[sim]") {
  Fixture f(1000);

  f.boards.Pulse(0, 1, kFrame, 10);
  CHECK(f.events[0].opened == true);
  CHECK(f.boards.HookBits(0, 1009) == 0xFFFF);

  f.agenda.RunDue(1010);
  CHECK(f.boards.HookBits(0, 1010) == 0xFFFE);
  CHECK(f.events.back().at == 1010);
}

TEST_CASE("a blind sensor sees no cart until the fault is cleared", "[sim]") {
  Fixture f;
  REQUIRE(f.boards.Blind(0, 2).ok());
  CHECK(f.boards.ItemBits(0) == 0xFFFD);
  CHECK(f.boards.latch(0, 2).item);
  f.boards.ClearFaults();
  CHECK(f.boards.ItemBits(0) == 0xFFFF);
}

TEST_CASE("a cart is pushed into an open lock only", "[sim]") {
  Fixture f;
  CHECK_FALSE(f.boards.Push(0, 3, 5).ok());
  f.boards.Pulse(0, 3, kFrame, 10);
  f.events.clear();

  CHECK(f.boards.Push(0, 3, 20).ok());

  CHECK(f.Names() == std::vector<std::string>{"pushed", "closed"});
  CHECK(f.boards.HookBits(0, 20) == 0xFFFF);
  CHECK(f.boards.ItemBits(0) == 0xFFFF);
}

TEST_CASE("a lock broken open is no pulse", "[sim]") {
  Fixture f;

  CHECK(f.boards.Force(4, 2, 10).ok());

  CHECK(f.Names() == std::vector<std::string>{"opened", "taken"});
  CHECK(f.events[0].cause == "force");
  CHECK_FALSE(f.boards.Force(4, 2, 11).ok());
}

TEST_CASE("an inverted board reports open locks as set bits", "[sim]") {
  Fixture f;
  REQUIRE(f.boards.Invert(0).ok());

  f.boards.Pulse(0, 3, kFrame, 10);

  CHECK(f.boards.HookBits(0, 10) == 0x0004);
  CHECK(f.boards.HookBits(4, 10) == 0xFFFF);
}

TEST_CASE("a bouncing hook shows both and then settles", "[sim]") {
  Fixture f;
  f.boards.set_bounce(1000);
  f.boards.Pulse(0, 3, kFrame, 10);

  bool seen_open = false;
  bool seen_shut = false;
  for (Micros now = 10; now < 1010; ++now) {
    const uint16_t bits = f.boards.HookBits(0, now);
    CHECK((bits | 0x0004) == 0xFFFF);
    (bits == 0xFFFF ? seen_shut : seen_open) = true;
  }

  CHECK(seen_open);
  CHECK(seen_shut);
  CHECK(f.boards.HookBits(0, 1010) == 0xFFFB);
}

TEST_CASE("a refusal names the boards and locks there are", "[sim]") {
  Fixture f;
  CHECK(f.boards.Push(1, 1, 0).message() == "no board 1; there are 0, 4");
  CHECK(f.boards.Take(0, 17, 0).message() == "no lock 17; locks are 1 to 16");
  CHECK(f.boards.Jam(0, 0).message() == "no lock 0; locks are 1 to 16");
}

TEST_CASE("shoppers bring every cart back into its own lock", "[sim]") {
  Agenda agenda;
  Shoppers* listening = nullptr;
  Boards boards({0}, 0, agenda, [&](const Event& event) { listening->Notice(event); });
  Shoppers shoppers(boards, agenda, 60);
  listening = &shoppers;

  for (int lock = 1; lock <= kLocks; ++lock) boards.Pulse(0, lock, kFrame, 10);
  CHECK(boards.HookBits(0, 10) == 0);
  CHECK(agenda.Next().value() > 10);

  const Micros an_hour_later = Micros{3600} * 1'000'000;
  agenda.RunDue(an_hour_later);
  CHECK(boards.HookBits(0, an_hour_later) == 0xFFFF);
  CHECK(boards.ItemBits(0) == 0xFFFF);
}

TEST_CASE("a cart brought back by somebody else is not brought back twice", "[sim]") {
  Agenda agenda;
  Shoppers* listening = nullptr;
  Boards boards({0}, 0, agenda, [&](const Event& event) { listening->Notice(event); });
  Shoppers shoppers(boards, agenda, 60);
  listening = &shoppers;
  boards.Pulse(0, 1, kFrame, 10);
  const Micros first_due = agenda.Next().value();

  REQUIRE(boards.Push(0, 1, 11).ok());
  boards.Pulse(0, 1, kFrame, first_due - 1);
  agenda.RunDue(first_due);

  CHECK_FALSE(boards.latch(0, 1).locked);
}

}  // namespace
}  // namespace cartwise::sim
