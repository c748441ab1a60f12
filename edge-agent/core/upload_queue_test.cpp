#include <catch2/catch.hpp>

#include "core/health.hpp"
#include "core/life_fake.hpp"

namespace cartwise::edge {
namespace {

struct Fixture {
  World world;
  FakeBell bell{world.rack.clock};
  FakeUploadStore store{world.disk};
  UploadQueue queue{store, world.rack.clock, world.diary, bell};

  void Append(int count) {
    for (int i = 0; i < count; ++i) queue.Append("t", Value::Object{{"i", i}});
  }
};

TEST_CASE("telemetry stays until it is committed", "[upload]") {
  Fixture f;
  f.Append(3);

  const auto batch = f.queue.Next();
  REQUIRE(batch.measurements.size() == 3);
  CHECK(f.queue.Next().measurements.size() == 3);
  f.queue.Committed(batch);

  CHECK(f.queue.Next().measurements.empty());
}

TEST_CASE("the queue is bounded: the oldest goes first and is counted", "[upload]") {
  Fixture f;
  f.Append(UploadQueue::kMostKept + 3);

  CHECK(f.queue.waiting() == UploadQueue::kMostKept);
  CHECK(f.queue.dropped() == 3);
  CHECK(f.queue.Next().measurements[0].data.Whole("i") == 3);
}

TEST_CASE("a full disk drops telemetry and counts it", "[upload]") {
  Fixture f;
  f.world.disk.full = true;
  f.Append(2);

  CHECK(f.queue.dropped() == 2);
  CHECK(f.queue.waiting() == 0);
}

TEST_CASE("one measurement that the cloud refuses does not hold up the others", "[upload]") {
  Fixture f;
  f.Append(3);
  f.queue.Refused(f.queue.Next());

  const auto bad = f.queue.Next();
  REQUIRE(bad.measurements.size() == 1);
  f.queue.Refused(bad);

  CHECK(f.queue.dropped() == 1);
  CHECK(f.queue.Next().measurements[0].data.Whole("i") == 1);
}

TEST_CASE("what the cloud would call too old is dropped here", "[upload]") {
  Fixture f;
  f.Append(1);
  f.world.rack.clock.Advance(absl::Hours(24 * 8));
  f.Append(1);

  const auto batch = f.queue.Next();

  REQUIRE(batch.measurements.size() == 1);
  f.queue.Committed(batch);
  CHECK(f.queue.dropped() == 1);
}

TEST_CASE("what a full disk does not let go of is not sent again", "[upload]") {
  Fixture f;
  f.Append(3);
  f.world.disk.full = true;
  f.queue.Committed(f.queue.Next());

  CHECK(f.queue.Next().measurements.empty());
  CHECK(f.queue.waiting() == 0);

  f.world.disk.full = false;
  f.Append(1);
  CHECK(f.queue.Next().measurements.size() == 1);
  CHECK(f.queue.waiting() == 1);
  CHECK(f.store.rows.size() == 1);
}

TEST_CASE("a batch stays well below what the cloud takes in one message", "[upload]") {
  Fixture f;
  const auto append = [&](size_t size) {
    f.queue.Append("t", Value::Object{{"list", Value::List{std::string(size, 'x')}}});
  };
  for (int i = 0; i < 3; ++i) append(100 * 1024);
  append(1000 * 1024);
  append(1);

  for (const size_t expected : {2u, 1u, 1u, 1u}) {
    const auto batch = f.queue.Next();
    CHECK(batch.measurements.size() == expected);
    f.queue.Committed(batch);
  }
  CHECK(f.queue.Next().measurements.empty());
}

TEST_CASE("what is too old is counted once, however often it is read", "[upload]") {
  Fixture f;
  f.Append(UploadQueue::kMostPerBatch + 1);
  f.world.rack.clock.Advance(absl::Hours(24 * 8));
  f.Append(1);
  f.world.disk.full = true;

  for (int i = 0; i < 3; ++i) CHECK(f.queue.Next().measurements.size() == 1);
  f.queue.Committed(f.queue.Next());

  CHECK(f.queue.Next().measurements.empty());
  CHECK(f.queue.dropped() == UploadQueue::kMostPerBatch + 1);
}

TEST_CASE("a health report leaves out what the machine does not tell", "[upload]") {
  const Value report =
      HealthReport({.load_1m = 0.5, .uptime_s = 7}, {{.port = "p"}}, {.events = 2});

  CHECK(report.Find("cpu_celsius") == nullptr);
  CHECK(*report.Find("load_1m") == Value(0.5));
  CHECK(report.Whole("uptime_s") == 7);
  CHECK(report.Whole("events_lost") == 2);
}

}  // namespace
}  // namespace cartwise::edge
