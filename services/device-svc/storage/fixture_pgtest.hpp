#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <absl/time/clock.h>
#include <catch2/catch.hpp>

#include "cartwise/pg/once.hpp"
#include "cartwise/testing/database.hpp"
#include "cartwise/testing/plans.hpp"
#include "cartwise/testing/status.hpp"
#include "domain/commands.hpp"
#include "domain/controllers.hpp"
#include "domain/devices.hpp"
#include "domain/streams.hpp"
#include "storage/pg_command_log.hpp"
#include "storage/pg_presence_log.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::device {

/// The real time, moved by hand: the database has a clock of its own, so a
/// standing one would drift from it.
class MovableClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now() + ahead(); }
  absl::Duration SinceBoot() const override { return SystemClock().SinceBoot() + ahead(); }
  void Advance(absl::Duration by) { ahead_ms_ += absl::ToInt64Milliseconds(by); }

 private:
  absl::Duration ahead() const { return absl::Milliseconds(ahead_ms_.load()); }

  std::atomic<int64_t> ahead_ms_ = 0;
};

class FakeTokens final : public Tokens {
 public:
  IssuedToken Issue(const DeviceKey&) override {
    const std::string number = std::to_string(++made_);
    return {"token-" + number, "hash-" + number};
  }

 private:
  int made_ = 0;
};

/// A stream whose other end is the test.
class FakeLink final : public Link {
 public:
  FakeLink(DeviceKey device, StreamId stream, std::string epoch, const Clock& clock)
      : device_(std::move(device)),
        stream_(std::move(stream)),
        epoch_(std::move(epoch)),
        clock_(clock) {}

  const ChainId& chain() const override { return device_.chain; }
  const StreamId& stream() const override { return stream_; }
  const std::string& agent_epoch() const override { return epoch_; }
  ClockSample clock_sample() const override {
    // Asked for between numbering and sending: whoever may overtake here does.
    for (int i = 0; i < 200; ++i) std::this_thread::yield();
    return {1'000'000, clock_.SinceBoot(), clock_.Now()};
  }
  std::timed_mutex& turn() override { return turn_; }
  void Prepare(Order) override {}
  bool Send(const Order& order) override {
    if (broken) return false;
    std::lock_guard lock(mutex_);
    sent_.push_back(order);
    if (on_order) on_order(order);
    return true;
  }
  void Drop(const std::string&) override { broken = true; }

  std::vector<Order> sent() const {
    std::lock_guard lock(mutex_);
    return sent_;
  }

  std::atomic<bool> broken = false;
  /// Plays the agent; runs while the order is on the wire.
  std::function<void(const Order&)> on_order;

 private:
  const DeviceKey device_;
  const StreamId stream_;
  const std::string epoch_;
  const Clock& clock_;
  std::timed_mutex turn_;
  mutable std::mutex mutex_;
  std::vector<Order> sent_;
};

class FakeLinks final : public Links {
 public:
  std::shared_ptr<Link> Find(const DeviceId& device) const override {
    std::lock_guard lock(mutex_);
    if (late_ && asked_++ > 0) links_[device] = late_;
    const auto found = links_.find(device);
    return found == links_.end() ? nullptr : found->second;
  }
  /// It is there from the second look on.
  void PutWhenAskedTwice(std::shared_ptr<FakeLink> link) {
    std::lock_guard lock(mutex_);
    late_ = std::move(link);
    asked_ = 0;
  }
  void Put(const DeviceId& device, std::shared_ptr<FakeLink> link) {
    std::lock_guard lock(mutex_);
    links_[device] = std::move(link);
  }
  void Remove(const DeviceId& device) {
    std::lock_guard lock(mutex_);
    links_.erase(device);
  }

 private:
  mutable std::mutex mutex_;
  mutable std::map<DeviceId, std::shared_ptr<FakeLink>> links_;
  mutable int asked_ = 0;
  std::shared_ptr<FakeLink> late_;
};

inline const std::string kEpoch(32, 'a');
inline const std::string kNextEpoch(32, 'b');

/// Two chains with a branch each, on a real database.
struct TwoChains {
  testing::Database server;
  std::unique_ptr<pg::Pool> pool = server.PoolBesideStranger("device", 12);
  pg::DatabaseOf<Store, PgStore> database{*pool, "device"};
  PgCommandLog log{*pool};
  MovableClock clock;
  PgPresenceLog presence{*pool, clock};
  FakeTokens tokens;
  Devices devices{tokens, clock};
  Controllers controllers{clock};
  ReplicaId self = ReplicaId::New();
  Streams streams{database, presence, clock, self};

  EnrolledBranch haifa{BranchId::New(), ChainId::New(), "rami-levi", "haifa", 100};
  EnrolledBranch tel_aviv{BranchId::New(), ChainId::New(), "shufersal", "tel-aviv", 100};

  TwoChains() { REQUIRE_OK(streams.RenewLease()); }
  // Replicas are few, and a list of devices may be of all; what nobody took over, what is unsettled
  // and who is there is looked through as a whole, and each device's commands for old ones.
  ~TwoChains() {
    testing::CheckPlans(*pool, "device",
                        {"command_not_taken_over", "commands_unsettled", "device_drop_old_commands",
                         "device_drop_old_never_accepted", "device_list", "devices_pkey",
                         "devices_there", "replicas", "replicas_pkey"});
  }

  static Caller Staff(const EnrolledBranch& branch, Role role) {
    Caller caller;
    caller.principal = Principal::kStaff;
    caller.subject = NewUuid();
    caller.chain = branch.chain;
    caller.grants = {Grant{role, {}}};
    return caller;
  }
  static Caller Service() { return Caller::Service("rental-svc"); }
  static Caller Speaking(const Device& device) {
    Caller caller;
    caller.principal = Principal::kDevice;
    caller.subject = device.id.value();
    caller.chain = device.chain;
    return caller;
  }

  /// Runs one use case in its own transaction as `caller`.
  template <typename UseCase>
  auto Do(const Caller& caller, UseCase use_case) {
    using Result = decltype(use_case(std::declval<Store&>()));
    std::optional<Result> result;
    const absl::Status done = database.Write(caller, [&](Store& store) -> absl::Status {
      result = use_case(store);
      if constexpr (std::is_same_v<Result, absl::Status>) {
        return *result;
      } else {
        return result->status();
      }
    });
    if (!done.ok() && (!result || result->ok())) result = done;
    return *std::move(result);
  }

  absl::StatusOr<Enrollment> Enroll(const EnrolledBranch& branch, const std::string& mac) {
    NewDevice wanted;
    wanted.mac_address = mac;
    CHECK(wanted.Check().ok());
    return Do(Service(),
              [&](Store& store) { return devices.Enroll(store, Service(), branch, wanted); });
  }
  Device Enrolled(const EnrolledBranch& branch, const std::string& mac = "02:00:00:00:00:01") {
    auto enrollment = Enroll(branch, mac);
    REQUIRE_OK(enrollment);
    REQUIRE_FALSE(enrollment->token.empty());
    return enrollment->device;
  }
  absl::StatusOr<OpenedStream> Open(const Device& device, const std::string& epoch = kEpoch,
                                    int64_t last_seq = 0) {
    return streams.Open(Speaking(device),
                        {device.tokens.current, epoch, last_seq, "1.0", "10.0.0.7"});
  }
  Device Stored(const DeviceId& id) {
    auto found = Do(Service(), [&](Store& store) { return store.FindDevice(id); });
    REQUIRE_OK(found);
    REQUIRE(*found);
    return **found;
  }
  absl::StatusOr<Controller> AddBoard(const Device& device, int address = 0) {
    Controller wanted;
    wanted.device = device.id;
    wanted.address = address;
    wanted.port = "/dev/ttyUSB0";
    return Do(Service(), [&](Store& store) {
      return controllers.Create(
          store, Staff({device.branch, device.chain, "", "", 0}, Role::kOwner), wanted);
    });
  }

  int64_t Count(const std::string& from) {
    return server.Sql("SELECT count(*) AS n FROM " + from).front().Int("n");
  }
  int64_t Events(const std::string& type) {
    return Count("device.outbox WHERE type = '" + type + "'");
  }
};

}  // namespace cartwise::device
