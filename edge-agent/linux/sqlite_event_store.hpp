#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "core/event_store.hpp"
#include "linux/sqlite.hpp"

namespace cartwise::edge {

/// The journal in `events.db`, on the platter with each Append. A file of its
/// own: SQLite has one writer per file, and an order must not wait for this one.
///
/// `journal.seq` beside it holds a bound that no seq has reached, so that seqs
/// rise even when the journal itself is lost.
class SqliteEventStore final : public EventStore {
 public:
  explicit SqliteEventStore(const std::string& state_dir);

  absl::Status Ready() override;
  absl::Status Append(const std::vector<JournalEntry>& entries) override;
  absl::StatusOr<std::vector<AgentEvent>> After(int64_t after, int limit) override;
  absl::Status Forget(int64_t seq) override;
  absl::StatusOr<std::vector<LockMark>> Marks() override;
  absl::StatusOr<int64_t> Count() override;
  int64_t HighestSeq() const override;
  absl::Status StartAnew() override;
  std::string TakeLoss() override;

 private:
  absl::Status AppendAll(const std::vector<JournalEntry>& entries);
  absl::Status Insert(const AgentEvent& event);
  absl::Status Insert(const LockMark& mark);
  absl::Status Recount();
  void Reserve(int64_t seq);

  mutable std::mutex mutex_;
  SqliteFile file_;
  const std::string reserve_path_;
  bool ready_ = false;
  int64_t reserved_ = 0;
  int64_t highest_ = 0;
  int64_t count_ = 0;
};

}  // namespace cartwise::edge
