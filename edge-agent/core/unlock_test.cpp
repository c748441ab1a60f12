#include <catch2/catch.hpp>

#include "core/life_fake.hpp"

namespace cartwise::edge {
namespace {

/// An agent that has read its one board.
struct Fixture {
  explicit Fixture(BusSettings settings = {.port = Life::kPort}) {
    world.rack.boards[0] = {};
    life = std::make_unique<Life>(world, std::move(settings));
    life->Configure();
    life->Settle();
  }

  FakeRack& rack() { return world.rack; }
  size_t pulses() { return world.rack.Pulses().size(); }

  World world;
  std::unique_ptr<Life> life;
};

TEST_CASE("a lock that opens is proven by the first read: SUCCEEDED, one pulse", "[unlock]") {
  Fixture f;

  const CommandId id = f.life->Unlock(0, 3);
  f.life->RunOrder(id);

  CHECK(f.life->EndOf(id) == "SUCCEEDED");
  REQUIRE(f.pulses() == 1);
  CHECK(f.rack().Pulses()[0].bytes == std::vector<uint8_t>{0x02, 0x02, 0x31, 0x03, 0x38});
  const CommandResult result = f.life->ResultOf(id);
  CHECK(result.seen.Whole("pulses") == 1);
  CHECK(result.seen.Whole("reads") == 1);
  CHECK(result.seen.Text("hook_before") == "CLOSED");
  CHECK(result.seen.Text("hook_after") == "OPEN");
  CHECK(result.pulsed_at_ms == absl::ToInt64Milliseconds(f.rack().Pulses()[0].at));
}

TEST_CASE("the opening is told with the command behind it", "[unlock]") {
  Fixture f;

  const CommandId id = f.life->Unlock(0, 3);
  f.life->Run(absl::Seconds(1));

  const auto opened = f.life->Events("lock.opened");
  REQUIRE(opened.size() == 1);
  CHECK(opened[0].payload.Text("command_id") == id.value());
  CHECK(opened[0].payload.Whole("lock") == 3);
  CHECK(opened[0].payload.Text("seen_by") == "POLL");
}

TEST_CASE("a lock that is forced has no command behind it", "[unlock]") {
  Fixture f;

  f.rack().Open(0, 5);
  f.life->Run(absl::Seconds(1));

  const auto opened = f.life->Events("lock.opened");
  REQUIRE(opened.size() == 1);
  CHECK(opened[0].payload.Text("command_id").empty());
}

TEST_CASE("an order explains one opening and no later one", "[unlock]") {
  Fixture f;
  f.life->RunOrder(f.life->Unlock(0, 3));
  f.life->Run(absl::Seconds(1));
  f.rack().Close(0, 3);
  f.life->Run(absl::Seconds(1));

  f.rack().Open(0, 3);
  f.life->Run(absl::Seconds(1));

  const auto opened = f.life->Events("lock.opened");
  REQUIRE(opened.size() == 2);
  CHECK(opened[1].payload.Text("command_id").empty());
}

TEST_CASE("the reply lost after the coil fired: one pulse, SUCCEEDED", "[unlock]") {
  Fixture f;
  f.rack().lose_replies = 1;

  const CommandId id = f.life->Unlock(0, 3);
  f.life->RunOrder(id);

  CHECK(f.life->EndOf(id) == "SUCCEEDED");
  CHECK(f.pulses() == 1);
}

TEST_CASE("a slow bolt is waited for, not pulsed again", "[unlock]") {
  Fixture f;
  f.rack().boards[0].opens_after = absl::Milliseconds(200);

  const CommandId id = f.life->Unlock(0, 3);
  f.life->RunOrder(id);

  CHECK(f.life->EndOf(id) == "SUCCEEDED");
  CHECK(f.pulses() == 1);
}

TEST_CASE("a jammed lock: two pulses with reads between, FAILED STILL_CLOSED", "[unlock]") {
  Fixture f;
  f.rack().boards[0].jammed = {3};

  const CommandId id = f.life->Unlock(0, 3);
  f.life->RunOrder(id);

  CHECK(f.life->EndOf(id) == "FAILED STILL_CLOSED");
  const auto pulses = f.rack().Pulses();
  REQUIRE(pulses.size() == 2);
  CHECK(pulses[1].at - pulses[0].at >= UnlockTask::kWindow);
  CHECK(f.rack().ReadsBetweenPulses() >= 1);
  CHECK(f.world.diary.Says("second pulse"));
  CHECK(f.life->ResultOf(id).seen.Text("hook_after") == "CLOSED");
}

TEST_CASE("that an end is near is told once for each pulse, before the read after it", "[unlock]") {
  Fixture f;
  f.rack().boards[0].jammed = {3};

  const CommandId id = f.life->Unlock(0, 3);
  size_t told = 0;
  for (int i = 0; i < 500 && !f.life->book.Waiting(id); ++i) {
    const size_t pulses = f.pulses(), frames = f.rack().frames.size();
    f.life->bus.RunOnce();
    if (const auto near = f.life->book.TakeProving()) {
      CHECK(*near == id);
      CHECK(++told == pulses);
      CHECK(f.rack().frames.size() == frames + 1);
    }
  }

  CHECK(told == 2);
}

TEST_CASE("a second pulse is never late", "[unlock]") {
  Fixture f;
  f.rack().boards[0].jammed = {3};

  const CommandId id = f.life->Unlock(0, 3, absl::Milliseconds(250));
  f.life->RunOrder(id);

  CHECK(f.life->EndOf(id) == "FAILED STILL_CLOSED");
  CHECK(f.pulses() == 1);
}

TEST_CASE("a board that falls silent after the pulse: UNKNOWN NO_ANSWER, one pulse", "[unlock]") {
  Fixture f;
  const CommandId id = f.life->Unlock(0, 3, absl::Seconds(2));
  while (f.pulses() == 0) f.life->bus.RunOnce();
  f.rack().boards[0].silent = true;

  const absl::Duration began = f.rack().clock.SinceBoot();
  f.life->RunOrder(id);

  CHECK(f.life->EndOf(id) == "UNKNOWN NO_ANSWER");
  CHECK(f.pulses() == 1);
  CHECK(f.rack().clock.SinceBoot() - began >= absl::Milliseconds(1900));
}

TEST_CASE("an early read that said closed is no reason for a second pulse", "[unlock]") {
  Fixture f;
  f.rack().boards[0].jammed = {3};
  const CommandId id = f.life->Unlock(0, 3, absl::Seconds(2));
  while (f.pulses() == 0) f.life->bus.RunOnce();
  f.life->bus.RunOnce();  // reads closed, long before the bolt's time is over
  f.rack().boards[0].silent = true;

  f.life->RunOrder(id);

  CHECK(f.life->EndOf(id) == "UNKNOWN NO_ANSWER");
  CHECK(f.pulses() == 1);
}

TEST_CASE("an answer that comes late but in time still proves the opening", "[unlock]") {
  Fixture f;
  const CommandId id = f.life->Unlock(0, 3);
  while (f.pulses() == 0) f.life->bus.RunOnce();
  f.rack().boards[0].silent = true;
  f.life->Run(absl::Seconds(1));
  f.rack().boards[0].silent = false;

  f.life->RunOrder(id);

  CHECK(f.life->EndOf(id) == "SUCCEEDED");
  CHECK(f.pulses() == 1);
}

TEST_CASE("an order that comes too late: DROPPED TOO_LATE, no byte sent", "[unlock]") {
  Fixture f;
  const SignedOrder order = f.life->MakeUnlock(0, 3, absl::Milliseconds(100));
  f.rack().clock.Advance(absl::Milliseconds(101));

  f.life->book.Offer(order);
  f.life->Run(absl::Seconds(1));

  CHECK(f.life->EndOf(order.order.id) == "DROPPED TOO_LATE");
  CHECK(f.pulses() == 0);
}

TEST_CASE("an order that grows old in the queue is dropped before its first byte", "[unlock]") {
  Fixture f;
  const CommandId id = f.life->Unlock(0, 3, absl::Milliseconds(100));
  f.rack().clock.Advance(absl::Milliseconds(101));

  f.life->RunOrder(id);

  CHECK(f.life->EndOf(id) == "DROPPED TOO_LATE");
  CHECK(f.pulses() == 0);
}

TEST_CASE("a lock that is open already gets no pulse: FAILED ALREADY_OPEN", "[unlock]") {
  Fixture f;
  f.rack().Open(0, 3);
  f.life->Run(absl::Seconds(1));

  const CommandId id = f.life->Unlock(0, 3);
  f.life->RunOrder(id);

  CHECK(f.life->EndOf(id) == "FAILED ALREADY_OPEN");
  CHECK(f.pulses() == 0);
}

TEST_CASE("a lost board is not pulsed: DROPPED NO_ANSWER", "[unlock]") {
  Fixture f;
  f.rack().boards[0].silent = true;
  f.life->Run(absl::Seconds(5));

  const CommandId id = f.life->Unlock(0, 3);
  f.life->RunOrder(id);

  CHECK(f.life->EndOf(id) == "DROPPED NO_ANSWER");
  CHECK(f.pulses() == 0);
}

TEST_CASE("without its port an order is dropped: DROPPED PORT_GONE", "[unlock]") {
  Fixture f;
  f.rack().plugged = false;
  f.life->Run(absl::Seconds(1));

  const CommandId id = f.life->Unlock(0, 3);
  f.life->RunOrder(id);

  CHECK(f.life->EndOf(id) == "DROPPED PORT_GONE");
}

TEST_CASE("a port that goes after the pulse leaves UNKNOWN PORT_GONE", "[unlock]") {
  Fixture f;
  const CommandId id = f.life->Unlock(0, 3);
  while (f.pulses() == 0) f.life->bus.RunOnce();
  f.rack().plugged = false;

  f.life->RunOrder(id);

  CHECK(f.life->EndOf(id) == "UNKNOWN PORT_GONE");

  SECTION("and nothing is sent when it is back") {
    f.rack().plugged = true;
    f.life->Run(absl::Seconds(3));
    CHECK(f.pulses() == 1);
  }
}

TEST_CASE("a port that goes with the pulse leaves UNKNOWN, unless it took no byte", "[unlock]") {
  Fixture f;
  const auto [goes, end] = GENERATE(table<FakeRack::Goes, std::string>({
      {FakeRack::Goes::kBeforeWrite, "DROPPED PORT_GONE"},
      {FakeRack::Goes::kAfterWrite, "UNKNOWN PORT_GONE"},
  }));
  const CommandId id = f.life->Unlock(0, 3);
  f.rack().goes = goes;

  f.life->RunOrder(id);

  CHECK(f.life->EndOf(id) == end);
  CHECK(f.life->ResultOf(id).seen.Whole("pulses") == f.pulses());
  CHECK((f.life->ResultOf(id).pulsed_at_ms > 0) == (f.pulses() > 0));
}

TEST_CASE("a second order for a lock under way: DROPPED LOCK_BUSY", "[unlock]") {
  Fixture f;
  const CommandId first = f.life->Unlock(0, 3);
  const CommandId second = f.life->Unlock(0, 3);

  CHECK(f.life->EndOf(second) == "DROPPED LOCK_BUSY");
  f.life->RunOrder(first);
  CHECK(f.life->EndOf(first) == "SUCCEEDED");
  CHECK(f.pulses() == 1);
}

TEST_CASE("two orders for two locks share the bus", "[unlock]") {
  Fixture f;
  const CommandId a = f.life->Unlock(0, 3);
  const CommandId b = f.life->Unlock(0, 4);

  f.life->RunOrder(a);
  f.life->RunOrder(b);

  CHECK(f.life->EndOf(a) == "SUCCEEDED");
  CHECK(f.life->EndOf(b) == "SUCCEEDED");
  CHECK(f.pulses() == 2);
}

TEST_CASE("a lock that is not configured: REJECTED NOT_MY_LOCK", "[unlock]") {
  Fixture f;
  const auto [board, lock] = GENERATE(table<int, int>({{7, 1}, {0, 0}, {0, 17}, {0, -1}}));

  const CommandId id = f.life->Unlock(board, lock);

  CHECK(f.life->EndOf(id) == "REJECTED NOT_MY_LOCK");
  f.life->Run(absl::Seconds(1));
  CHECK(f.pulses() == 0);
}

TEST_CASE("a lock that was never read is read before its pulse", "[unlock]") {
  World world;
  world.rack.boards[0] = {};
  Life life(world);
  life.Configure();
  life.bus.RunOnce();  // opens the port, reads nothing

  const CommandId id = life.Unlock(0, 3);
  life.RunOrder(id);

  CHECK(life.EndOf(id) == "SUCCEEDED");
  REQUIRE(world.rack.frames.size() >= 2);
  CHECK_FALSE(world.rack.frames[0].opens());
}

TEST_CASE("what an earlier life knew of a lock is read again before a pulse", "[unlock]") {
  Fixture f;
  const bool was_open = GENERATE(true, false);
  if (was_open) f.rack().Open(0, 3);
  f.life->Run(absl::Seconds(1));
  f.life.reset();
  was_open ? f.rack().Close(0, 3) : f.rack().Open(0, 3);
  Life second(f.world);
  second.Configure();
  second.bus.RunOnce();  // opens the port, reads nothing

  const CommandId id = second.Unlock(0, 3);
  second.RunOrder(id);

  CHECK(second.EndOf(id) == (was_open ? "SUCCEEDED" : "FAILED ALREADY_OPEN"));
  CHECK(second.ResultOf(id).seen.Text("hook_before") == (was_open ? "CLOSED" : "OPEN"));
}

TEST_CASE("an order does not go on with another board than it began with", "[unlock]") {
  Fixture f;
  f.rack().boards[0].jammed = {3};
  f.rack().boards[1] = {};
  const CommandId id = f.life->Unlock(0, 3);
  while (f.pulses() == 0) f.life->bus.RunOnce();

  f.life->locks.Configure({{.id = f.world.Controller(0), .address = 1, .port = Life::kPort}});
  f.life->RunOrder(id);

  CHECK(f.life->EndOf(id) == "UNKNOWN PORT_GONE");
  CHECK(f.pulses() == 1);
}

TEST_CASE("lock.read tells the masks", "[unlock]") {
  Fixture f;
  SignedOrder order = f.life->MakeUnlock(0, 1);
  order.order.kind = "lock.read";

  SECTION("of a board that answers") {
    f.life->book.Offer(order);
    f.life->RunOrder(order.order.id);
    CHECK(f.life->EndOf(order.order.id) == "SUCCEEDED");
    CHECK(f.life->ResultOf(order.order.id).seen.Whole("closed_mask") == 0xFFFF);
  }
  SECTION("or that there is no answer") {
    f.rack().boards[0].silent = true;
    f.life->book.Offer(order);
    f.life->RunOrder(order.order.id);
    CHECK(f.life->EndOf(order.order.id) == "FAILED NO_ANSWER");
  }
  CHECK(f.pulses() == 0);
}

TEST_CASE("lock.read believes two reads that agree, one after the other", "[unlock]") {
  ReadTask task(CommandId("c"), ControllerId("board"), absl::Seconds(5));
  const Masks noise{.closed = 0x0000, .items = 0xFFFF}, truth{.closed = 0xFFFF, .items = 0xFFFF};

  for (const Masks& masks : {truth, noise, truth}) {
    task.Answered(masks, absl::ZeroDuration());
    CHECK(task.Next(absl::ZeroDuration()) == Task::Step::kRead);
  }
  task.Answered(truth, absl::ZeroDuration());

  CHECK(task.Next(absl::ZeroDuration()) == Task::Step::kDone);
  CHECK(task.result().seen.Whole("closed_mask") == 0xFFFF);
}

TEST_CASE("one wrong read before the pulse does not call a closed lock open", "[unlock]") {
  UnlockTask task(CommandId("c"), ControllerId("board"), *cu16::Lock::Printed(3), absl::Seconds(5),
                  LockState::kClosed);
  const Masks open{.closed = 0x0000, .items = 0xFFFF}, closed{.closed = 0xFFFF, .items = 0xFFFF};

  for (const Masks& masks : {open, closed, open}) {
    task.Answered(masks, absl::ZeroDuration());
    CHECK(task.Next(absl::ZeroDuration()) == Task::Step::kPulse);
  }
  task.Answered(open, absl::ZeroDuration());

  CHECK(task.Next(absl::ZeroDuration()) == Task::Step::kDone);
  CHECK(task.result().reason == reasons::kAlreadyOpen);
}

TEST_CASE("a full disk stops no unlock", "[unlock]") {
  Fixture f;
  f.world.disk.full = true;

  const CommandId id = f.life->Unlock(0, 3);
  f.life->RunOrder(id);
  f.life->Run(absl::Seconds(1));

  CHECK(f.life->EndOf(id) == "SUCCEEDED");
  CHECK(f.life->Events("lock.opened").size() == 1);
  CHECK(f.world.diary.Says("keeping it in memory"));
}

}  // namespace
}  // namespace cartwise::edge
