#include "linux/upload_link.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "cloud_fake.hpp"
#include "core/life_fake.hpp"
#include "linux/atomic_file.hpp"
#include "linux/thread_doorbell.hpp"

namespace cartwise::edge {
namespace {

/// The upload lane against a cloud over TLS. Its queue is filled before Start.
struct Fixture {
  ~Fixture() {
    link.Stop();
    if (thread.joinable()) thread.join();
  }
  void Append(int count) {
    for (int i = 0; i < count; ++i) queue.Append("t", Value::Object{{"i", i}});
  }
  void Start() {
    thread = std::thread([this] { link.Run(); });
  }

  FakeCloud cloud_fake;
  Cloud cloud{cloud_fake.address(), *ReadWholeFile(cloud_fake.ca())};
  SystemClock clock;
  ThreadDoorbell bell{clock};
  FakeDisk disk;
  FakeUploadStore store{disk};
  FakeDiary diary;
  UploadQueue queue{store, clock, diary, bell};
  UploadLink link{{cloud, queue, bell, clock, diary, [] { return std::string("token-1"); }}};
  std::thread thread;
};

TEST_CASE("telemetry that cannot be read is asked for with pauses between", "[upload]") {
  Fixture f;
  f.Append(1);
  f.store.unreadable = true;
  const absl::Duration began = f.clock.SinceBoot();
  f.Start();

  REQUIRE(f.cloud_fake.Await([&] { return f.cloud_fake.uploads_ended >= 4; }));

  CHECK(f.clock.SinceBoot() - began >= 3 * Backoff::kShortest);
}

TEST_CASE("with a full disk telemetry is sent once", "[upload]") {
  Fixture f;
  f.Append(3);
  f.disk.full = true;
  f.Start();

  REQUIRE(f.cloud_fake.Await([&] { return f.cloud_fake.uploads_ended >= 1; }));

  CHECK(f.cloud_fake.telemetry.size() == 3);
}

TEST_CASE("telemetry that is too much for one message goes in smaller ones", "[upload]") {
  Fixture f;
  f.Append(3);
  f.cloud_fake.LimitUploads(1);
  f.Start();

  CHECK(f.cloud_fake.Await([&] { return f.cloud_fake.telemetry.size() == 3; }));
}

}  // namespace
}  // namespace cartwise::edge
