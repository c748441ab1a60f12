#include <atomic>
#include <thread>

#include "storage/fixture_pgtest.hpp"

namespace cartwise::device {
namespace {

std::string Mac(int number) {
  return "02:00:00:00:00:0" + std::to_string(number);
}

/// A branch of a chain whose plan allows two devices.
EnrolledBranch Small(const TwoChains& f) {
  EnrolledBranch branch = f.haifa;
  branch.max_devices = 2;
  return branch;
}

TEST_CASE("a plan has room for so many devices", "[plan]") {
  TwoChains f;
  const EnrolledBranch branch = Small(f);
  const Device first = f.Enrolled(branch, Mac(1));
  f.Enrolled(branch, Mac(2));

  const auto over = f.Enroll(branch, Mac(3));
  CHECK_REFUSED(over, "PLAN_LIMIT_REACHED");
  CHECK(errors::Details(over.status()) ==
        std::vector<std::pair<std::string, std::string>>{{"limit", "2"}});
  CHECK(f.Count("device.devices") == 2);
  CHECK(f.Events("device.registered") == 2);

  SECTION("a device that is there enrolls again all the same") {
    CHECK(f.Enrolled(branch, Mac(1)).id == first.id);
  }
  SECTION("a retired device makes room") {
    const Caller admin = TwoChains::Staff(branch, Role::kAdmin);
    REQUIRE_OK(f.Do(admin, [&](Store& store) { return f.devices.Retire(store, admin, first.id); }));
    f.Enrolled(branch, Mac(3));
  }
  SECTION("another chain has room of its own") {
    f.Enrolled(f.tel_aviv, Mac(3));
  }
}

TEST_CASE("of many devices that enroll at once, no more get in than the plan allows", "[plan]") {
  TwoChains f;
  const EnrolledBranch branch = Small(f);
  std::atomic<int> in = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      NewDevice wanted;
      wanted.mac_address = Mac(i);
      // FakeTokens is not thread-safe: each has its own.
      FakeTokens tokens;
      const Devices devices(tokens, f.clock);
      const auto done = f.database.Write(TwoChains::Service(), [&](Store& store) {
        return devices.Enroll(store, TwoChains::Service(), branch, wanted).status();
      });
      if (done.ok()) ++in;
    });
  }
  for (std::thread& thread : threads) thread.join();

  CHECK(in == 2);
  CHECK(f.Count("device.devices") == 2);
}

}  // namespace
}  // namespace cartwise::device
