#include <atomic>
#include <thread>

#include "storage/fixture_pgtest.hpp"

namespace cartwise::device {
namespace {

constexpr char kMac[] = "02:00:00:00:00:01";

/// A device whose stream is open.
struct InService : TwoChains {
  const Device device = Enrolled(haifa, kMac);
  InService() { REQUIRE_OK(Open(device)); }
};

TEST_CASE("a device that was never seen may enroll again and gets a new token", "[enrollment]") {
  TwoChains f;
  const auto first = f.Enroll(f.haifa, kMac);
  const auto again = f.Enroll(f.haifa, kMac);

  REQUIRE_OK(first);
  REQUIRE_OK(again);
  CHECK(first->device.id == again->device.id);
  CHECK(first->token != again->token);
  CHECK(f.Count("device.devices") == 1);
  CHECK_REFUSED(f.Open(first->device), "BAD_TOKEN");
  CHECK(f.Open(again->device).ok());
}

TEST_CASE("a second claim of a device in service quarantines it and is refused", "[enrollment]") {
  InService f;

  const auto claim = f.Enroll(f.haifa, kMac);

  REQUIRE_OK(claim);
  CHECK(claim->token.empty());
  const Device now = f.Stored(f.device.id);
  CHECK(now.lifecycle == Lifecycle::kQuarantined);
  CHECK(now.status == Status::kOffline);
  CHECK(f.Events("device.quarantined") == 1);
  CHECK(f.Events("device.offline") == 1);
  CHECK(f.Count("device.streams WHERE stream_id IS NOT NULL") == 0);
  CHECK_REFUSED(f.Open(f.device), "DEVICE_QUARANTINED");
}

TEST_CASE("an admin ends a quarantine, an installer does not", "[enrollment]") {
  InService f;
  REQUIRE_OK(f.Enroll(f.haifa, kMac));
  const auto end = [&](Role role) {
    return f.Do(TwoChains::Staff(f.haifa, role), [&](Store& store) {
      DeviceChange change;
      change.lifecycle = Lifecycle::kActive;
      return f.devices.Update(store, TwoChains::Staff(f.haifa, role), f.device.id, change);
    });
  };

  CHECK_REFUSED(end(Role::kInstaller), "NOT_ALLOWED");
  CHECK(end(Role::kAdmin).ok());
  CHECK(f.Open(f.device).ok());
}

TEST_CASE("another chain's key neither gets a device nor stops it", "[enrollment]") {
  InService f;

  const auto claim = f.Enroll(f.tel_aviv, kMac);

  REQUIRE_OK(claim);
  CHECK(claim->token.empty());
  CHECK(f.Stored(f.device.id).lifecycle == Lifecycle::kActive);
  CHECK(f.Stored(f.device.id).chain == f.haifa.chain);
  CHECK(f.Count("device.outbox WHERE type = 'device.claimed_elsewhere' AND chain_id = '" +
                f.haifa.chain.value() + "'") == 1);
}

TEST_CASE("of many that enroll with one address at once, one is inserted", "[enrollment]") {
  TwoChains f;
  std::atomic<int> registered = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&f, &registered, i] {
      NewDevice wanted;
      wanted.mac_address = wanted.name = kMac;
      // FakeTokens is not thread-safe: each has its own.
      FakeTokens tokens;
      const Devices devices(tokens, f.clock);
      const auto& branch = i % 2 == 0 ? f.haifa : f.tel_aviv;
      const auto done = f.database.Write(TwoChains::Service(), [&](Store& store) {
        return devices.Enroll(store, f.Service(), branch, wanted).status();
      });
      if (done.ok()) ++registered;
    });
  }
  for (std::thread& thread : threads) thread.join();

  CHECK(registered == 8);
  CHECK(f.Count("device.devices") == 1);
  CHECK(f.Events("device.registered") == 1);
}

TEST_CASE("a retired device's address is free again", "[enrollment]") {
  InService f;
  const Caller admin = TwoChains::Staff(f.haifa, Role::kAdmin);
  const auto retire = [&] {
    return f.Do(admin, [&](Store& store) { return f.devices.Retire(store, admin, f.device.id); });
  };
  const auto board = f.AddBoard(f.device);
  REQUIRE_OK(board);

  CHECK_REFUSED(retire(), "DEVICE_HAS_CONTROLLERS");
  REQUIRE_OK(
      f.Do(admin, [&](Store& store) { return f.controllers.Delete(store, admin, board->id); }));
  CHECK(retire().ok());
  CHECK(retire().ok());

  CHECK(f.Events("device.retired") == 1);
  CHECK_REFUSED(f.Open(f.device), "BAD_TOKEN");
  const Device anew = f.Enrolled(f.tel_aviv, kMac);
  CHECK(anew.id != f.device.id);
}

TEST_CASE("a rotated token replaces the old one after the overlap", "[enrollment]") {
  InService f;
  const auto rotate = [&] {
    return f.Do(TwoChains::Service(), [&](Store& store) {
      return f.devices.RotateToken(store, TwoChains::Speaking(f.device), f.device.tokens.current,
                                   f.device.id);
    });
  };
  const auto rotated = rotate();
  REQUIRE_OK(rotated);

  // The answer may have been lost, for however long.
  f.clock.Advance(absl::Hours(24));
  CHECK(f.Open(f.device).ok());
  CHECK(f.Open(rotated->device).ok());
  CHECK_REFUSED(rotate(), "BAD_TOKEN");
  f.clock.Advance(kTokenOverlap);
  CHECK_REFUSED(f.Open(f.device), "BAD_TOKEN");
  CHECK(f.Open(rotated->device).ok());
}

TEST_CASE("a token that staff replaced is void at once, one that its device replaced is not",
          "[enrollment]") {
  InService f;
  const auto held = [&] { return f.Count("device.streams WHERE stream_id IS NOT NULL"); };
  const auto rotate = [&](const Caller& as) {
    return f.Do(as, [&](Store& store) {
      return f.devices.RotateToken(store, as, f.device.tokens.current, f.device.id);
    });
  };

  REQUIRE_OK(rotate(TwoChains::Speaking(f.device)));
  CHECK(held() == 1);
  REQUIRE_OK(rotate(TwoChains::Staff(f.haifa, Role::kInstaller)));
  CHECK(held() == 0);
  CHECK(f.Events("device.offline") == 1);
  CHECK_REFUSED(f.Open(f.device), "BAD_TOKEN");
  CHECK_REFUSED(rotate(TwoChains::Speaking(f.device)), "BAD_TOKEN");
}

TEST_CASE("a foreign device answers exactly as an absent one", "[enrollment]") {
  TwoChains f;
  const Device device = f.Enrolled(f.haifa, kMac);
  const Caller stranger = TwoChains::Staff(f.tel_aviv, Role::kOwner);
  const auto get = [&](const DeviceId& id) {
    return f.Do(stranger, [&](Store& store) { return f.devices.Get(store, stranger, id); })
        .status();
  };
  CHECK(get(device.id) == get(DeviceId::New()));
  Caller elsewhere = TwoChains::Staff(f.haifa, Role::kAdmin);
  elsewhere.grants[0].branches = {BranchId::New()};
  CHECK_REFUSED(
      f.Do(elsewhere, [&](Store& store) { return f.devices.Get(store, elsewhere, device.id); }),
      "DEVICE_NOT_FOUND");
}

}  // namespace
}  // namespace cartwise::device
