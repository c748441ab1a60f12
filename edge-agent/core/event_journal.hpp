#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "cartwise/base/clock.hpp"
#include "core/diary.hpp"
#include "core/doorbell.hpp"
#include "core/event.hpp"
#include "core/event_store.hpp"

namespace cartwise::edge {

/// An event to be; empty type for marks alone.
struct EventDraft {
  std::string type;
  std::string subject;
  Value payload;
  std::vector<LockMark> marks;
};

/// Every change, in order, kept until the cloud has committed it. Thread-safe.
///
/// Append() never waits for the disk: the writer thread calls Flush(), and only
/// then can an event be read for sending. With a full disk events stay in a
/// ring in memory, are sent from there, and are written when the disk is back.
///
/// Until what earlier lives left can be read, which Flush() tries each time,
/// nothing is numbered, sent, written or forgotten.
class EventJournal {
 public:
  static constexpr size_t kRing = 10'000;
  static constexpr int64_t kMostKept = 200'000;

  /// `writer` is rung when there is something to flush, `reader` when there is
  /// something to send.
  EventJournal(EventStore& store, const Clock& clock, Diary& diary, std::string epoch,
               Doorbell& writer, Doorbell& reader);

  void Append(EventDraft draft);

  /// Writes what was appended and forgets what was committed.
  void Flush();

  /// Events above `after`, oldest first, at most `limit`.
  std::vector<AgentEvent> After(int64_t after, int limit);

  /// Events up to `seq` are the cloud's now.
  void Committed(int64_t seq);
  int64_t committed() const;
  /// The highest seq given out.
  int64_t last_seq() const;

  /// What earlier lives left is known.
  bool loaded() const;
  /// The marks of everything appended in earlier lives; none until loaded().
  std::vector<LockMark> Marks() const;

  /// Events that found no room anywhere.
  int64_t lost() const;

 private:
  /// With flushing_ held. OK at once when loaded.
  absl::Status Load();
  /// Says so when the disk begins or ceases to fail.
  void NoteDisk(const absl::Status& status);
  absl::Status StartAnew(const absl::Status& why);
  /// From the store; none when it cannot be read.
  std::vector<AgentEvent> Stored(int64_t after, int limit);
  void BoundQueue();
  AgentEvent Made(const EventDraft& draft);
  void AppendLocked(EventDraft draft);
  void KeepInRing(std::vector<JournalEntry> entries);
  void Bound();

  EventStore& store_;
  const Clock& clock_;
  Diary& diary_;
  const std::string epoch_;
  Doorbell& writer_;
  Doorbell& reader_;

  std::mutex flushing_;  ///< one Flush at a time; taken before mutex_
  mutable std::mutex mutex_;
  std::vector<JournalEntry> queue_;  ///< not offered to the disk yet
  std::deque<JournalEntry> ring_;    ///< the disk did not take them
  bool loaded_ = false;
  std::vector<LockMark> marks_;  ///< of earlier lives
  int64_t last_seq_ = 0;
  int64_t stored_ = 0;  ///< the store has been given all up to here
  int64_t committed_ = 0;
  int64_t forgotten_ = 0;
  int64_t lost_ = 0;
  bool disk_failing_ = false;
};

}  // namespace cartwise::edge
