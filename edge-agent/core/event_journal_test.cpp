#include <catch2/catch.hpp>

#include "core/life_fake.hpp"

namespace cartwise::edge {
namespace {

struct Fixture {
  World world;
  FakeBell bell{world.rack.clock};
  std::unique_ptr<EventJournal> journal = Make();

  std::unique_ptr<EventJournal> Make() {
    return std::make_unique<EventJournal>(world.events, world.rack.clock, world.diary, "epoch",
                                          bell, bell);
  }
  void Append(int count) {
    for (int i = 0; i < count; ++i) journal->Append({.type = "t"});
  }
  std::vector<int64_t> Seqs() {
    std::vector<int64_t> seqs;
    for (const AgentEvent& event : journal->After(0, 100'000)) seqs.push_back(event.seq);
    return seqs;
  }
};

TEST_CASE("an event can be sent only after the disk has it", "[journal]") {
  Fixture f;
  f.Append(1);
  CHECK(f.Seqs().empty());

  f.journal->Flush();

  CHECK(f.Seqs() == std::vector<int64_t>{1});
}

TEST_CASE("sequence numbers rise over restarts and over commits", "[journal]") {
  Fixture f;
  f.Append(2);
  f.journal->Flush();
  f.journal->Committed(2);
  f.journal->Flush();
  CHECK(f.world.events.events.empty());

  f.journal = f.Make();
  f.Append(1);
  f.journal->Flush();

  CHECK(f.Seqs() == std::vector<int64_t>{3});
}

TEST_CASE("what was committed is not sent again, what was not is", "[journal]") {
  Fixture f;
  f.Append(3);
  f.journal->Flush();
  f.journal->Committed(2);

  CHECK(f.Seqs() == std::vector<int64_t>{3});
  f.journal->Flush();
  f.journal = f.Make();
  CHECK(f.Seqs() == std::vector<int64_t>{3});
}

TEST_CASE("a cloud that acknowledges the future is not believed", "[journal]") {
  Fixture f;
  f.Append(1);
  f.journal->Flush();
  f.journal->Committed(1'000'000);
  f.Append(1);
  f.journal->Flush();

  CHECK(f.Seqs() == std::vector<int64_t>{2});
}

TEST_CASE("with a full disk events are sent from memory and written later, in order", "[journal]") {
  Fixture f;
  f.Append(1);
  f.journal->Flush();
  f.world.disk.full = true;
  f.Append(2);
  f.journal->Flush();
  CHECK(f.Seqs() == std::vector<int64_t>{1, 2, 3});
  CHECK(f.world.diary.Says("keeping them in memory"));

  f.world.disk.full = false;
  f.Append(1);
  f.journal->Flush();

  CHECK(f.world.events.events.size() == 4);
  CHECK(f.Seqs() == std::vector<int64_t>{1, 2, 3, 4});
  CHECK(f.journal->lost() == 0);
}

TEST_CASE("while stored events cannot be read, those in memory do not overtake them", "[journal]") {
  Fixture f;
  f.Append(2);
  f.journal->Flush();
  f.world.disk.full = true;
  f.Append(1);
  f.journal->Flush();
  f.world.events.unavailable = true;
  CHECK(f.Seqs().empty());

  f.world.events.unavailable = false;
  CHECK(f.Seqs() == std::vector<int64_t>{1, 2, 3});
  f.journal->Committed(2);
  f.world.events.unavailable = true;
  CHECK(f.Seqs() == std::vector<int64_t>{3});
}

TEST_CASE("what was lost with a damaged journal is not waited for", "[journal]") {
  Fixture f;
  f.Append(2);
  f.journal->Flush();
  f.world.events.damaged = f.world.disk.full = true;
  f.Append(1);
  f.journal->Flush();

  CHECK(f.Seqs() == std::vector<int64_t>{3});
}

TEST_CASE("the memory for events is bounded, and what it drops is counted", "[journal]") {
  Fixture f;
  f.world.disk.full = true;
  f.Append(static_cast<int>(EventJournal::kRing) + 7);
  f.journal->Flush();

  CHECK(f.journal->lost() == 7);
  CHECK(f.Seqs().size() == EventJournal::kRing);
}

TEST_CASE("a damaged journal is replaced, and the gap is told", "[journal]") {
  Fixture f;
  f.Append(1);
  f.journal->Flush();
  f.world.events.damaged = true;
  f.Append(1);
  f.journal->Flush();
  f.journal->Flush();

  const auto events = f.journal->After(0, 10);
  REQUIRE(events.size() == 2);
  CHECK(events[0].seq == 2);
  CHECK(events[1].type == "agent.journal_gap");
}

TEST_CASE("damage that only reading finds is told, too", "[journal]") {
  Fixture f;
  f.Append(1);
  f.journal->Flush();
  f.world.events.damaged = true;
  CHECK(f.Seqs().empty());
  f.journal->Flush();

  const auto events = f.journal->After(0, 10);
  REQUIRE(events.size() == 1);
  CHECK(events[0].type == "agent.journal_gap");
}

TEST_CASE("a journal that was lost before the start tells of it", "[journal]") {
  Fixture f;
  f.world.events.loss = "file is not a database";
  f.journal = f.Make();
  f.journal->Flush();

  const auto events = f.journal->After(0, 10);
  REQUIRE(events.size() == 1);
  CHECK(events[0].type == "agent.journal_gap");
  CHECK(events[0].payload.Text("reason") == "file is not a database");
}

TEST_CASE("while earlier events cannot be read, nothing is numbered nor forgotten", "[journal]") {
  Fixture f;
  f.Append(2);
  f.journal->Flush();
  f.world.events.unavailable = true;
  f.journal = f.Make();
  f.Append(1);
  f.journal->Flush();
  f.journal->Committed(1'000'000);
  CHECK_FALSE(f.journal->loaded());
  CHECK(f.Seqs().empty());

  f.world.events.unavailable = false;
  f.journal->Flush();

  CHECK(f.journal->loaded());
  CHECK(f.Seqs() == std::vector<int64_t>{1, 2, 3});
}

TEST_CASE("what waits for the journal to be read is bounded, too", "[journal]") {
  Fixture f;
  f.world.events.unavailable = true;
  f.journal = f.Make();
  f.Append(static_cast<int>(EventJournal::kRing) + 7);
  f.journal->Flush();

  CHECK(f.journal->lost() == 7);
}

}  // namespace
}  // namespace cartwise::edge
