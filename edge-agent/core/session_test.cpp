#include <catch2/catch.hpp>

#include "core/life_fake.hpp"

namespace cartwise::edge {
namespace {

struct Fixture {
  Fixture() {
    world.rack.boards[0] = {};
    life = std::make_unique<Life>(world);
  }
  void Connect() {
    life->session.Begin();
    life->session.Welcomed(absl::Seconds(5));
  }
  /// What is said until there is nothing more, heartbeats left out.
  std::vector<std::string> Say() {
    std::vector<std::string> said;
    for (int quiet = 0; quiet < 3;) {
      life->journal.Flush();
      const auto message = life->session.Next();
      if (!message) {
        ++quiet;
      } else if (const auto* event = std::get_if<AgentEvent>(&*message)) {
        said.push_back(event->type);
      } else if (const auto* result = std::get_if<CommandResult>(&*message)) {
        said.push_back(std::string(OutcomeName(result->outcome)));
      } else if (std::holds_alternative<CaughtUp>(*message)) {
        said.push_back("caught up");
      } else if (std::holds_alternative<Proving>(*message)) {
        said.push_back("proving");
      }
    }
    return said;
  }
  void Commit() { life->journal.Committed(1'000'000); }

  World world;
  std::unique_ptr<Life> life;
};

using Said = std::vector<std::string>;

TEST_CASE("results, then events, then CaughtUp, then a snapshot", "[session]") {
  Fixture f;
  f.life->Configure();
  f.life->Settle();
  f.life->RunOrder(f.life->Unlock(0, 3));
  f.life->Run(absl::Seconds(1));

  f.Connect();

  CHECK(f.Say() ==
        Said{"SUCCEEDED", "lock.board_found", "lock.opened", "caught up", "lock.snapshot"});
  const auto snapshots = f.life->Events("lock.snapshot");
  REQUIRE(snapshots.size() == 1);
  const auto boards = std::get<Value::List>(snapshots[0].payload.Find("boards")->data());
  REQUIRE(boards.size() == 1);
  CHECK(boards[0].Whole("closed_mask") == 0xFFFB);
  CHECK(*boards[0].Find("reachable") == Value(true));
}

TEST_CASE("that an end is near is said while it has not come", "[session]") {
  Fixture f;
  f.world.rack.boards[0].opens_after = absl::Milliseconds(200);
  f.life->Configure();
  f.life->Settle();
  f.Connect();
  f.Say();
  const CommandId id = f.life->Unlock(0, 3);
  f.life->Run(absl::Milliseconds(100));
  CHECK(f.Say() == Said{"proving"});
  f.life->RunOrder(id);
  CHECK(f.Say() == Said{"SUCCEEDED", "lock.opened"});

  f.life->RunOrder(f.life->Unlock(0, 4));

  CHECK(f.Say() == Said{"SUCCEEDED", "lock.opened"});
}

TEST_CASE("a new stream says again what was not committed, and no more", "[session]") {
  Fixture f;
  f.life->Configure();
  f.life->Settle();
  const CommandId id = f.life->Unlock(0, 3);
  f.life->RunOrder(id);
  f.life->Run(absl::Seconds(1));
  f.Connect();
  f.Say();
  f.life->journal.Committed(1);
  f.life->book.ResultCommitted(id);

  f.Connect();

  // Not the snapshot of then: it would speak of now.
  CHECK(f.Say() == Said{"lock.opened", "caught up", "lock.snapshot"});
}

TEST_CASE("CaughtUp waits for orders that an older stream brought", "[session]") {
  Fixture f;
  f.life->Configure();
  f.life->Settle();
  f.Connect();
  f.Say();
  f.Commit();
  f.life->Unlock(0, 3);

  f.Connect();
  CHECK(f.Say() == Said{});
  f.life->Run(absl::Seconds(1));

  CHECK(f.Say() == Said{"SUCCEEDED", "lock.opened", "caught up", "lock.snapshot"});
}

TEST_CASE("CaughtUp waits for the sweep, but not for ever", "[session]") {
  Fixture f;
  f.life->Configure();
  f.Connect();
  CHECK(f.Say() == Said{});

  SECTION("the boards answer") {
    f.life->Settle();
    CHECK(f.Say() == Said{"lock.board_found", "caught up", "lock.snapshot"});
  }
  SECTION("nothing happens") {
    f.world.rack.clock.Advance(Session::kLongestSettling);
    CHECK(f.Say() == Said{"caught up", "lock.snapshot"});
  }
}

TEST_CASE("CaughtUp waits for what earlier lives left, for ever", "[session]") {
  Fixture f;
  f.life->Configure();
  f.life->Settle();
  f.life.reset();
  bool& unavailable =
      GENERATE(false, true) ? f.world.events.unavailable : f.world.orders.unavailable;
  unavailable = true;
  f.world.rack.Open(0, 3);
  f.life = std::make_unique<Life>(f.world);
  f.life->Configure();
  f.Connect();
  f.life->Run(2 * Session::kLongestSettling);
  const Said before = f.Say();
  CHECK(std::count(before.begin(), before.end(), "caught up") == 0);

  unavailable = false;
  f.life->Run(absl::Seconds(1));

  const Said after = f.Say();
  CHECK(std::count(after.begin(), after.end(), "caught up") == 1);
  CHECK(f.life->Events("lock.opened").size() == 1);
}

TEST_CASE("CaughtUp does not overtake results that are found just before it", "[session]") {
  Fixture f;
  f.life->Configure();
  f.life->Settle();
  f.life->RunOrder(f.life->Unlock(0, 3));
  f.life->Run(absl::Seconds(1));
  f.Commit();
  // Something is read, and nothing of it is said any more.
  f.life->locks.JournalSnapshot();
  f.life->journal.Flush();
  f.life.reset();
  f.world.orders.unavailable = true;
  f.life = std::make_unique<Life>(f.world);
  f.life->Configure();
  f.life->Settle();
  f.Connect();

  f.world.events.while_reading = [&] {
    f.world.orders.unavailable = false;
    f.life->book.Recover();
  };

  CHECK(f.Say() == Said{"SUCCEEDED", "caught up", "lock.snapshot"});
}

TEST_CASE("a board that comes back into sight brings a snapshot", "[session]") {
  Fixture f;
  f.world.rack.boards[0].silent = true;
  f.life->Configure();
  f.life->Run(absl::Seconds(5));
  f.Connect();
  CHECK(f.Say() == Said{"lock.board_lost", "caught up", "lock.snapshot"});

  f.world.rack.boards[0].silent = false;
  f.life->Run(absl::Seconds(1));

  CHECK(f.Say() == Said{"lock.board_found", "lock.snapshot"});
}

TEST_CASE("heartbeats keep their pace and carry the boot clock", "[session]") {
  Fixture f;
  f.life->Configure();
  f.life->Settle();
  f.Connect();

  const auto first = f.life->session.Next();
  REQUIRE(first);
  REQUIRE(std::holds_alternative<Heartbeat>(*first));
  CHECK(std::get<Heartbeat>(*first).boot_clock_ms ==
        absl::ToInt64Milliseconds(f.world.rack.clock.SinceBoot()));
  CHECK(f.life->session.next_heartbeat() == f.world.rack.clock.SinceBoot() + absl::Seconds(5));
}

TEST_CASE("what the cloud is silent about is said again", "[session]") {
  Fixture f;
  f.life->Configure();
  f.life->Settle();
  const CommandId id = f.life->Unlock(0, 3);
  f.life->RunOrder(id);
  f.Connect();
  REQUIRE(f.Say().front() == "SUCCEEDED");
  CHECK(f.Say() == Said{});

  f.world.rack.clock.Advance(Session::kPatience - absl::Seconds(1));
  CHECK(f.Say() == Said{});
  f.world.rack.clock.Advance(absl::Seconds(5));

  const Said again = f.Say();
  REQUIRE_FALSE(again.empty());
  CHECK(again.front() == "SUCCEEDED");
}

TEST_CASE("a hello names the last sequence of this epoch", "[session]") {
  Fixture f;
  f.life->Configure();
  f.life->Settle();
  CHECK(f.life->session.Begin().last_seq == 0);
  f.life->RunOrder(f.life->Unlock(0, 3));

  const Greeting hello = f.life->session.Begin();

  CHECK(hello.last_seq == 1);
  CHECK(hello.agent_epoch == f.life->epoch);
}

}  // namespace
}  // namespace cartwise::edge
