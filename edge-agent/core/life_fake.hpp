#pragma once

#include <string>
#include <vector>

#include "core/bus.hpp"
#include "core/disk_fake.hpp"
#include "core/event_journal.hpp"
#include "core/lock_driver.hpp"
#include "core/order_book.hpp"
#include "core/rack_fake.hpp"
#include "core/session.hpp"

namespace cartwise::edge {

/// Remembers what it was told.
class FakeDiary final : public Diary {
 public:
  std::vector<std::string> lines;
  void Write(Weight, std::string_view what, Facts) override { lines.emplace_back(what); }
  bool Says(std::string_view part) const {
    for (const std::string& line : lines) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }
};

class FakeFailpoints final : public Failpoints {
 public:
  std::string cut_at;
  void Hit(std::string_view point) override {
    if (point == cut_at) throw PowerCut();
  }
};

/// Believes a signature that says "good".
class FakeVerifier final : public OrderVerifier {
 public:
  bool Verify(const SignedOrder& order) const override { return order.signature == "good"; }
};

/// What stays when an agent dies: the hardware, the disk, and the orders the
/// cloud has made.
struct World {
  FakeRack rack;
  FakeDisk disk;
  FakeEventStore events{disk};
  FakeOrderStore orders{disk};
  FakeDiary diary;
  FakeFailpoints failpoints;
  int lives = 0;
  int64_t seq = 0;

  ControllerId Controller(int board) const {
    return ControllerId("controller-" + std::to_string(board));
  }
};

/// One life of an agent in that world, on one thread.
struct Life {
  static constexpr const char* kPort = "/dev/lock-bus";

  explicit Life(World& w, BusSettings settings = {.port = kPort})
      : world(w),
        bell(w.rack.clock),
        idle(w.rack.clock),
        opener(w.rack),
        epoch("epoch-" + std::to_string(++w.lives)),
        book({w.orders, verifier, w.rack.clock, w.diary, idle, w.failpoints}, epoch),
        journal(w.events, w.rack.clock, w.diary, epoch, idle, idle),
        locks(journal, book, w.rack.clock, w.diary, idle),
        bus(std::move(settings), {opener, w.rack.clock, bell, locks, w.diary, w.failpoints}),
        session(book, journal, locks, w.rack.clock, w.failpoints) {
    locks.Add(bus);
    book.Add(locks);
    book.Recover();
    book.SetOwner(DeviceId("device"), ChainId("chain"));
  }

  /// Every board of the rack is a controller of ours.
  void Configure(bool has_ir = false, bool invert_hook = false) {
    std::vector<BoardConfig> boards;
    for (const auto& [address, model] : world.rack.boards) {
      boards.push_back({.id = world.Controller(address),
                        .address = address,
                        .port = kPort,
                        .invert_hook = invert_hook,
                        .has_ir = has_ir});
    }
    locks.Configure(boards);
  }

  void Run(absl::Duration duration) {
    const absl::Duration until = world.rack.clock.SinceBoot() + duration;
    while (world.rack.clock.SinceBoot() < until) {
      bus.RunOnce();
      journal.Flush();
      book.Recover();
      locks.Recover();
    }
  }
  void Settle() {
    for (int i = 0; i < 200 && !locks.Settled(); ++i) bus.RunOnce();
    journal.Flush();
  }
  /// Until the order ended.
  void RunOrder(const CommandId& id) {
    for (int i = 0; i < 500 && !book.Waiting(id); ++i) bus.RunOnce();
    journal.Flush();
  }

  SignedOrder MakeUnlock(int board, int lock, absl::Duration ttl = absl::Seconds(5)) {
    Order order{.id = CommandId("command-" + std::to_string(++world.seq)),
                .device = DeviceId("device"),
                .chain = ChainId("chain"),
                .agent_epoch = epoch,
                .seq = world.seq,
                .not_after = world.rack.clock.SinceBoot() + ttl,
                .kind = "lock.unlock",
                .arguments = Value::Object{{"controller_id", world.Controller(board).value()},
                                           {"lock", lock}}};
    return {.bytes = "bytes", .signature = "good", .key_id = "key", .order = std::move(order)};
  }

  CommandId Unlock(int board, int lock, absl::Duration ttl = absl::Seconds(5)) {
    const SignedOrder order = MakeUnlock(board, lock, ttl);
    book.Offer(order);
    return order.order.id;
  }

  /// "SUCCEEDED", "FAILED STILL_CLOSED"; empty when it has not ended.
  std::string EndOf(const CommandId& id) const {
    std::set<CommandId> others;
    while (const auto result = book.NextResult(others)) {
      if (result->id == id) {
        const std::string outcome(OutcomeName(result->outcome));
        return result->reason.empty() ? outcome : outcome + " " + result->reason;
      }
      others.insert(result->id);
    }
    return {};
  }
  CommandResult ResultOf(const CommandId& id) const {
    std::set<CommandId> others;
    while (const auto result = book.NextResult(others)) {
      if (result->id == id) return *result;
      others.insert(result->id);
    }
    return {};
  }

  /// Journalled events of a type, oldest first.
  std::vector<AgentEvent> Events(const std::string& type) {
    journal.Flush();
    std::vector<AgentEvent> found;
    for (AgentEvent& event : journal.After(0, 10'000)) {
      if (event.type == type) found.push_back(std::move(event));
    }
    return found;
  }

  World& world;
  FakeBell bell;
  FakeBell idle;
  FakeOpener opener;
  FakeVerifier verifier;
  const std::string epoch;
  OrderBook book;
  EventJournal journal;
  LockDriver locks;
  Bus bus;
  Session session;
};

}  // namespace cartwise::edge
