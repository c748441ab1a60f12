#include <catch2/catch.hpp>

#include "core/life_fake.hpp"

namespace cartwise::edge {
namespace {

constexpr absl::Duration kGap = absl::Milliseconds(25);

struct Fixture {
  explicit Fixture(int boards, absl::Duration poll_interval = absl::ZeroDuration(),
                   bool has_ir = false) {
    for (int address = 0; address < boards; ++address) world.rack.boards[address] = {};
    life = std::make_unique<Life>(
        world, BusSettings{.port = Life::kPort, .gap = kGap, .poll_interval = poll_interval});
    life->Configure(has_ir);
    life->Settle();
    world.rack.frames.clear();
  }

  FakeRack& rack() { return world.rack; }

  World world;
  std::unique_ptr<Life> life;
};

TEST_CASE("one board is asked by its status of lock 0, again and again", "[bus]") {
  Fixture f(1);

  f.life->Run(absl::Seconds(1));

  CHECK(f.rack().frames.size() > 20);
  for (const auto& frame : f.rack().frames) {
    CHECK(frame.bytes == std::vector<uint8_t>{0x02, 0x00, 0x30, 0x03, 0x35});
  }
}

TEST_CASE("several boards are asked by one broadcast that ends with the last answer", "[bus]") {
  Fixture f(10);

  f.life->Run(absl::Seconds(1));

  REQUIRE(f.rack().frames.size() > 2);
  for (const auto& frame : f.rack().frames) {
    CHECK(frame.bytes == std::vector<uint8_t>{0x02, 0xF0, 0x32, 0x03, 0x27});
  }
  // 2.6 ms to ask, 10 x 4.7 ms to answer, 1 ms to think, and the gap.
  const absl::Duration sweep = f.rack().frames[1].at - f.rack().frames[0].at;
  CHECK(sweep < absl::Milliseconds(77));
}

TEST_CASE("the gap is kept after every exchange", "[bus]") {
  Fixture f(2);
  f.life->Unlock(0, 1);
  f.life->Run(absl::Seconds(1));

  const auto& frames = f.rack().frames;
  for (size_t i = 1; i < frames.size(); ++i) {
    CHECK(frames[i].at - frames[i - 1].at >=
          kGap + absl::FromChrono(cu16::WireTime(cu16::kRequestSize, 19200)));
  }
}

TEST_CASE("an order on an idle bus is sent at once", "[bus]") {
  Fixture f(1, /*poll_interval=*/absl::Seconds(10));
  f.life->bus.RunOnce();
  f.rack().clock.Advance(absl::Milliseconds(100));
  const absl::Duration offered = f.rack().clock.SinceBoot();

  f.life->Unlock(0, 1);
  f.life->bus.RunOnce();

  REQUIRE(f.rack().Pulses().size() == 1);
  CHECK(f.rack().Pulses()[0].at == offered);
}

TEST_CASE("between sweeps an idle bus rests for the interval, and no longer", "[bus]") {
  Fixture f(1, /*poll_interval=*/absl::Seconds(1));

  f.life->Run(absl::Seconds(10));

  CHECK(f.rack().frames.size() >= 9);
  CHECK(f.rack().frames.size() <= 11);
}

TEST_CASE("an order waits at most for the running exchange and the gap", "[bus]") {
  Fixture f(10);
  f.life->bus.RunOnce();
  const absl::Duration offered = f.rack().clock.SinceBoot();

  f.life->Unlock(4, 1);
  f.life->bus.RunOnce();

  REQUIRE(f.rack().Pulses().size() == 1);
  CHECK(f.rack().Pulses()[0].at - offered <= kGap);
}

TEST_CASE("a change on ten boards is told within 150 ms", "[bus]") {
  Fixture f(10);
  f.rack().Open(7, 9);
  f.life->Run(absl::Seconds(1));
  REQUIRE(f.life->Events("lock.opened").size() == 1);
  const auto phase = GENERATE(range(0, 100, 7));
  f.life->Run(absl::Milliseconds(phase));

  const absl::Duration closed_at = f.rack().clock.SinceBoot();
  f.rack().Close(7, 9);
  f.life->Run(absl::Milliseconds(400));

  const auto closed = f.life->Events("lock.closed");
  REQUIRE(closed.size() == 1);
  CHECK(closed[0].boot_clock - closed_at <= absl::Milliseconds(150));
  CHECK(closed[0].subject == "controller-7");
}

TEST_CASE("a silent board is lost within 5 s, told once, and found again", "[bus]") {
  Fixture f(GENERATE(1, 3));
  f.rack().boards[0].silent = true;

  f.life->Run(absl::Seconds(5));
  const auto lost = f.life->Events("lock.board_lost");
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].payload.Text("detail") == "no answer in 10 polls");

  f.rack().boards[0].silent = false;
  f.life->Run(absl::Seconds(2));
  const auto found = f.life->Events("lock.board_found");
  REQUIRE(found.size() == f.rack().boards.size() + 1);
  CHECK(found.back().subject == "controller-0");
}

TEST_CASE("a board that was lost in an earlier life is not waited for", "[bus]") {
  Fixture f(GENERATE(1, 3));
  for (auto& [address, board] : f.rack().boards) board.silent = true;
  f.life->Run(absl::Seconds(5));
  f.life.reset();

  SECTION("it stays silent") {}
  SECTION("and so does its port") {
    f.rack().plugged = false;
  }
  Life second(f.world);
  second.Configure();
  second.Run(absl::Seconds(1));

  CHECK(second.locks.Settled());
  CHECK(second.Events("lock.board_lost").size() == f.rack().boards.size());
}

TEST_CASE("a lost board slows the others down by little", "[bus]") {
  Fixture f(3);
  f.rack().boards[1].silent = true;
  f.life->Run(absl::Seconds(5));
  f.rack().frames.clear();

  f.life->Run(absl::Seconds(2));

  CHECK(f.rack().frames.size() > 25);
}

TEST_CASE("an unplugged adapter: boards lost at once, found after the replug, differences told",
          "[bus]") {
  Fixture f(2);
  f.rack().plugged = false;
  f.life->Run(absl::Milliseconds(500));
  const auto lost = f.life->Events("lock.board_lost");
  REQUIRE(lost.size() == 2);
  CHECK(lost[0].payload.Text("detail") == "port gone");
  f.rack().Open(1, 8);
  f.life->Run(absl::Seconds(20));
  // Sooner at first, then every second.
  CHECK(f.rack().open_attempts >= 19);
  CHECK(f.rack().open_attempts <= 25);

  f.rack().plugged = true;
  const absl::Duration replugged = f.rack().clock.SinceBoot();
  f.life->Run(absl::Seconds(3));

  const auto found = f.life->Events("lock.board_found");
  REQUIRE(found.size() == 4);
  CHECK(found.back().boot_clock - replugged < absl::Seconds(2));
  const auto opened = f.life->Events("lock.opened");
  REQUIRE(opened.size() == 1);
  CHECK(opened[0].payload.Text("seen_by") == "SWEEP");
}

TEST_CASE("a board that answers and is not configured is named", "[bus]") {
  World world;
  world.rack.boards = {{0, {}}, {5, {}}};
  Life life(world);
  life.Configure();
  world.rack.boards[3] = {};

  life.Run(absl::Seconds(1));

  CHECK(world.diary.Says("not configured"));
}

TEST_CASE("only a change of the wiring forgets what was known of a board", "[bus]") {
  Fixture f(1);
  f.life->Configure();
  f.life->Run(absl::Seconds(1));
  CHECK(f.life->Events("lock.opened").empty());

  f.life->Configure(/*has_ir=*/false, /*invert_hook=*/true);
  f.life->Run(absl::Seconds(1));

  CHECK(f.life->Events("lock.opened").empty());
  CHECK(f.life->Events("lock.board_found").size() == 1);
}

TEST_CASE("a restart tells exactly what changed meanwhile", "[bus]") {
  Fixture f(1);
  f.life->RunOrder(f.life->Unlock(0, 3));
  f.life->Run(absl::Seconds(1));
  f.life.reset();
  f.rack().Close(0, 3);

  Life second(f.world);
  second.Configure();
  second.Run(absl::Seconds(1));

  CHECK(second.Events("lock.opened").size() == 1);
  const auto closed = second.Events("lock.closed");
  REQUIRE(closed.size() == 1);
  CHECK(closed[0].payload.Text("seen_by") == "SWEEP");
  CHECK(second.Events("lock.board_found").size() == 1);
}

TEST_CASE("figures count silences per board", "[bus]") {
  Fixture f(1);
  f.rack().lose_replies = 3;

  f.life->Run(absl::Seconds(2));

  const BusFigures figures = f.life->bus.figures();
  REQUIRE(figures.boards.size() == 1);
  CHECK(figures.boards[0].silences == 3);
  CHECK(figures.boards[0].reach == Reach::kFound);
  CHECK(figures.open);
}

}  // namespace
}  // namespace cartwise::edge
