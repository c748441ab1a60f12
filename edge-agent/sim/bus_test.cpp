#include "sim/bus.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "core/cu16/test_bytes.hpp"

namespace cartwise::sim {
namespace {

using edge::cu16::Hex;

constexpr Micros kRequest = 2604;  ///< five bytes at 19200 baud
constexpr Micros kReply = 4687;    ///< nine

struct Answered {
  Bytes bytes;
  Micros at;
};

struct Fixture {
  explicit Fixture(Pace pace = {})
      : boards({0, 1}, 0, agenda, [this](const Event& e) { events.push_back(e); }),
        bus(
            boards, agenda, pace, [this](const Event& e) { events.push_back(e); },
            [this](const Bytes& bytes) {
              answers.push_back({bytes, at});
            }) {}

  /// Says it at `now` and lets everything happen that follows from it.
  void Say(const std::string& bytes, Micros now) {
    bus.Receive(Hex(bytes), now);
    Finish();
  }

  void Finish() {
    while (agenda.Next()) {
      at = *agenda.Next();
      agenda.RunDue(at);
    }
  }

  int Count(const std::string& event) const {
    int count = 0;
    for (const Event& e : events) count += e.name == event ? 1 : 0;
    return count;
  }

  Agenda agenda;
  Micros at = 0;
  std::vector<Event> events;
  std::vector<Answered> answers;
  Boards boards;
  Bus bus;
};

TEST_CASE("a status takes the time of its bytes on the wire", "[sim]") {
  Fixture f;

  f.Say("02 00 30 03 35", 1000);

  REQUIRE(f.answers.size() == 1);
  CHECK(f.answers[0].bytes == Hex("02 00 35 FF FF FF FF 03 36"));
  CHECK(f.answers[0].at == 1000 + kRequest + kReply);
}

TEST_CASE("the coil fires when the last byte of an unlock is over the wire", "[sim]") {
  Fixture f;

  f.Say("02 02 31 03 38", 1000);

  CHECK(f.answers.empty());
  REQUIRE(f.events.size() == 3);
  CHECK(f.events[0].name == "pulse");
  CHECK(f.events[0].lock == 3);
  CHECK(f.events[0].at == 1000 + kRequest);
  CHECK(f.events[0].first_byte_at == 1000);
}

TEST_CASE("a status behind an unlock already shows the open lock", "[sim]") {
  Fixture f;

  f.Say("02 02 31 03 38 02 00 30 03 35", 0);

  REQUIRE(f.answers.size() == 1);
  CHECK(f.answers[0].bytes == Hex("02 00 35 FB FF FB FF 03 2E"));
  CHECK(f.answers[0].at == 5208 + kReply);
}

TEST_CASE("all boards answer a broadcast one after another", "[sim]") {
  Fixture f(Pace{.think = 1000});

  f.Say("02 F0 32 03 27", 0);

  REQUIRE(f.answers.size() == 2);
  CHECK(f.answers[0].bytes == Hex("02 00 36 FF FF FF FF 03 37"));
  CHECK(f.answers[0].at == kRequest + 1000 + kReply);
  CHECK(f.answers[1].bytes == Hex("02 10 36 FF FF FF FF 03 47"));
  CHECK(f.answers[1].at == kRequest + 2 * (1000 + kReply));
}

TEST_CASE("without pace everything happens at once", "[sim]") {
  Fixture f(Pace{.byte_us = 0});
  f.Say("02 00 30 03 35", 1000);
  CHECK(f.answers[0].at == 1000);
}

TEST_CASE("an unlock for all boards or for none does nothing", "[sim]") {
  Fixture f;
  f.Say("02 F0 31 03 26", 0);
  f.Say("02 20 31 03 56", 10'000);
  f.Say("02 20 30 03 55", 20'000);
  CHECK(f.events.empty());
  CHECK(f.answers.empty());
}

TEST_CASE("open-all fires all coils in turn", "[sim]") {
  Fixture f;

  f.Say("02 00 33 03 38", 0);

  CHECK(f.Count("pulse") == 16);
  CHECK(f.answers.size() == 1);
  CHECK(f.events.back().at == kRequest + 15 * 550'000);
}

TEST_CASE("settings are answered, remembered and on the record", "[sim]") {
  Fixture f;
  f.Say("02 00 37 00 64 03 A0", 0);
  CHECK(f.answers.at(0).bytes == Answer(0, 0x38, 0xFFFF, 0x00, 0x64));
  CHECK(f.Count("setting") == 1);

  f.Say("02 00 37 03 3C", 100'000);  // while it writes its flash
  CHECK(f.answers.size() == 1);
  f.Say("02 00 37 03 3C", 600'000);
  CHECK(f.answers.at(1).bytes == Answer(0, 0x38, 0xFFFF, 0x00, 0x64));

  f.Say("02 00 39 01 03 3F", 700'000);
  CHECK(f.answers.at(2).bytes == Answer(0, 0x39, 0xFFFF, 0, 1));
  f.Say("02 02 31 03 38", 1'300'000);
  CHECK(f.events.at(2).at == 1'300'000 + kRequest + 1'000'000);
}

TEST_CASE("an erased board is dead", "[sim]") {
  Fixture f;
  f.Say("F5 B5 00 00 5F 09", 0);
  CHECK(f.Count("erased") == 1);
  f.Say("02 00 30 03 35", 100'000);
  CHECK(f.answers.empty());
}

TEST_CASE("lost answers are counted down, the coil fires all the same", "[sim]") {
  Fixture f;
  f.bus.faults().lost_reply = 1;

  f.Say("02 02 31 03 38", 0);
  f.Say("02 00 30 03 35", 10'000);
  CHECK(f.answers.empty());
  f.Say("02 00 30 03 35", 20'000);

  CHECK(f.Count("pulse") == 1);
  CHECK(f.answers.size() == 1);
}

TEST_CASE("answers can be lost from the next pulse on", "[sim]") {
  Fixture f;
  f.bus.faults().lost_reply_after_pulse = 2;

  f.Say("02 00 30 03 35", 0);
  CHECK(f.answers.size() == 1);
  f.Say("02 02 31 03 38", 10'000);
  f.Say("02 00 30 03 35", 20'000);
  f.Say("02 00 30 03 35", 30'000);
  CHECK(f.answers.size() == 1);
  f.Say("02 00 30 03 35", 40'000);
  CHECK(f.answers.size() == 2);
}

TEST_CASE("a negative count lasts until it is cleared", "[sim]") {
  Fixture f;
  f.bus.faults().lost_reply = -1;
  for (Micros t = 0; t < 1'000'000; t += 10'000) f.Say("02 00 30 03 35", t);
  CHECK(f.answers.empty());
  f.bus.faults() = {};
  f.Say("02 00 30 03 35", 1'000'000);
  CHECK(f.answers.size() == 1);
}

TEST_CASE("a busy board loses requests, an unlock too", "[sim]") {
  Fixture f;
  f.bus.faults().busy = 1;

  f.Say("02 02 31 03 38", 0);
  CHECK(f.events.empty());
  f.Say("02 02 31 03 38", 10'000);
  CHECK(f.Count("pulse") == 1);
}

TEST_CASE("a half frame stops after four bytes", "[sim]") {
  Fixture f;
  f.bus.faults().half_frame = 1;
  f.Say("02 00 30 03 35", 0);
  CHECK(f.answers.at(0).bytes == Hex("02 00 35 FF"));
}

TEST_CASE("a silent board leaves the answers to the others", "[sim]") {
  Fixture f;
  f.bus.faults().silent.insert(0);

  f.Say("02 F0 32 03 27", 0);
  f.Say("02 02 31 03 38", 20'000);

  REQUIRE(f.answers.size() == 1);
  CHECK(f.answers[0].bytes[1] == 0x10);
  CHECK(f.events.empty());
}

TEST_CASE("an echoing adapter returns the request before the answer", "[sim]") {
  Fixture f;
  f.bus.faults().echo = true;

  f.Say("02 00 30 03 35", 0);

  REQUIRE(f.answers.size() == 2);
  CHECK(f.answers[0].bytes == Hex("02 00 30 03 35"));
  CHECK(f.answers[0].at == kRequest);
}

TEST_CASE("late answers are late and garbage stands before them", "[sim]") {
  Fixture f;
  f.bus.faults().late_reply = 50'000;
  f.bus.faults().garbage = 3;

  f.Say("02 00 30 03 35", 0);

  CHECK(f.answers.at(0).at == kRequest + kReply + 50'000);
  CHECK(f.answers.at(0).bytes.size() == 12);
}

TEST_CASE("noise spoils requests and opens nothing", "[sim]") {
  Fixture f;
  f.bus.faults().noise = 0.02;
  for (int i = 0; i < 1000; ++i) f.Say("02 00 30 03 35", i * 100'000);

  CHECK(f.bus.counters().frames < 700);
  CHECK(f.bus.counters().frames > 200);
  CHECK(f.bus.reader().bad_frames() > 100);
  CHECK(f.Count("pulse") == 0);
}

TEST_CASE("speaking while an answer is on the line is counted", "[sim]") {
  Fixture f;
  f.bus.Receive(Hex("02 00 30 03 35"), 0);
  f.agenda.RunDue(kRequest + 1000);
  f.bus.Receive(Hex("02 00 30 03 35"), kRequest + 1000);
  CHECK(f.bus.counters().collisions == 1);
}

}  // namespace
}  // namespace cartwise::sim
