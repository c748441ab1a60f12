#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/event_store.hpp"
#include "core/order_store.hpp"
#include "core/upload_queue.hpp"

namespace cartwise::edge {

/// Thrown out of the agent: its power is cut here.
struct PowerCut {};

/// The disk of a Pi. Outlives agents; can be full, damaged, or cut the power
/// before or after a write.
class FakeDisk {
 public:
  bool full = false;
  int writes_until_cut = -1;     ///< -1: never
  bool cut_after_write = false;  ///< else right before it
  int writes = 0;

  absl::Status BeginWrite() {
    ++writes;
    if (writes_until_cut == 0 && !cut_after_write) throw PowerCut();
    return full ? absl::ResourceExhaustedError("disk full") : absl::OkStatus();
  }
  void EndWrite() {
    if (writes_until_cut == 0) throw PowerCut();
    if (writes_until_cut > 0) --writes_until_cut;
  }
};

class FakeEventStore final : public EventStore {
 public:
  explicit FakeEventStore(FakeDisk& disk) : disk_(disk) {}

  bool damaged = false;
  bool unavailable = false;
  std::string loss;
  std::function<void()> while_reading = [] {};
  std::vector<AgentEvent> events;
  std::map<std::pair<ControllerId, int>, LockMark> marks;
  int64_t highest = 0;

  absl::Status Ready() override {
    return unavailable ? absl::UnavailableError("not now") : absl::OkStatus();
  }
  absl::Status Append(const std::vector<JournalEntry>& entries) override {
    if (damaged) return absl::DataLossError("damaged");
    if (const absl::Status status = disk_.BeginWrite(); !status.ok()) return status;
    for (const JournalEntry& entry : entries) {
      if (entry.event) {
        events.push_back(*entry.event);
        highest = std::max(highest, entry.event->seq);
      }
      for (const LockMark& mark : entry.marks) marks[{mark.controller, mark.lock}] = mark;
    }
    disk_.EndWrite();
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<AgentEvent>> After(int64_t after, int limit) override {
    while_reading();
    if (damaged) return absl::DataLossError("damaged");
    if (unavailable) return absl::UnavailableError("not now");
    std::vector<AgentEvent> page;
    for (const AgentEvent& event : events) {
      if (event.seq > after && static_cast<int>(page.size()) < limit) page.push_back(event);
    }
    return page;
  }
  absl::Status Forget(int64_t seq) override {
    std::erase_if(events, [&](const AgentEvent& event) { return event.seq <= seq; });
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<LockMark>> Marks() override {
    std::vector<LockMark> all;
    for (const auto& [key, mark] : marks) all.push_back(mark);
    return all;
  }
  absl::StatusOr<int64_t> Count() override { return static_cast<int64_t>(events.size()); }
  int64_t HighestSeq() const override { return highest; }
  absl::Status StartAnew() override {
    damaged = false;
    events.clear();
    marks.clear();
    return absl::OkStatus();
  }
  std::string TakeLoss() override { return std::exchange(loss, {}); }

 private:
  FakeDisk& disk_;
};

class FakeOrderStore final : public OrderStore {
 public:
  explicit FakeOrderStore(FakeDisk& disk) : disk_(disk) {}

  std::map<CommandId, Order> intents;
  std::map<CommandId, CommandResult> results;
  std::vector<CommandId> settled;
  std::vector<Acted> acted;
  bool unavailable = false;

  absl::StatusOr<Kept> Load() override {
    if (unavailable) return absl::UnavailableError("not now");
    Kept kept;
    for (const auto& [id, order] : intents) kept.intents.push_back(order);
    for (const auto& [id, result] : results) kept.results.push_back(result);
    kept.settled = settled;
    kept.acted = acted;
    return kept;
  }
  absl::Status SaveIntent(const Order& order) override {
    return Write([&] { intents[order.id] = order; });
  }
  absl::Status SaveResult(const CommandResult& result) override {
    return Write([&] {
      const auto begun = intents.extract(result.id);
      if (begun && result.pulsed_at_ms > 0) {
        acted.push_back({begun.mapped(), absl::Milliseconds(result.pulsed_at_ms)});
      }
      results[result.id] = result;
    });
  }
  absl::Status Settle(const CommandId& id) override {
    return Write([&] {
      results.erase(id);
      settled.push_back(id);
    });
  }
  absl::Status Forget(const CommandId& id) override {
    return Write([&] { std::erase(settled, id); });
  }

 private:
  template <typename Change>
  absl::Status Write(Change change) {
    if (const absl::Status status = disk_.BeginWrite(); !status.ok()) return status;
    change();
    disk_.EndWrite();
    return absl::OkStatus();
  }

  FakeDisk& disk_;
};

class FakeUploadStore final : public UploadStore {
 public:
  explicit FakeUploadStore(FakeDisk& disk) : disk_(disk) {}

  bool unreadable = false;
  std::vector<Row> rows;

  absl::Status Append(const Measurement& measurement) override {
    if (const absl::Status status = disk_.BeginWrite(); !status.ok()) return status;
    rows.push_back({++last_, measurement});
    disk_.EndWrite();
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<Row>> Oldest(int64_t after, int limit) override {
    if (unreadable) return absl::UnavailableError("cannot read");
    std::vector<Row> oldest;
    for (const Row& row : rows) {
      if (row.number > after && static_cast<int>(oldest.size()) < limit) oldest.push_back(row);
    }
    return oldest;
  }
  absl::Status Forget(int64_t number) override {
    if (disk_.full) return absl::ResourceExhaustedError("disk full");
    std::erase_if(rows, [&](const Row& row) { return row.number <= number; });
    return absl::OkStatus();
  }
  absl::Status ForgetOldest() override {
    if (!rows.empty()) rows.erase(rows.begin());
    return absl::OkStatus();
  }
  int64_t Count() const override { return static_cast<int64_t>(rows.size()); }

 private:
  FakeDisk& disk_;
  int64_t last_ = 0;
};

}  // namespace cartwise::edge
