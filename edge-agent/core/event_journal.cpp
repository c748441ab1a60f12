#include "core/event_journal.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::edge {

EventJournal::EventJournal(EventStore& store, const Clock& clock, Diary& diary, std::string epoch,
                           Doorbell& writer, Doorbell& reader)
    : store_(store),
      clock_(clock),
      diary_(diary),
      epoch_(std::move(epoch)),
      writer_(writer),
      reader_(reader) {
  std::lock_guard one(flushing_);
  NoteDisk(Load());
}

absl::Status EventJournal::Load() {
  if (loaded()) return absl::OkStatus();
  CW_RETURN_IF_ERROR(store_.Ready());
  CW_ASSIGN_OR_RETURN(const std::vector<AgentEvent> oldest, store_.After(0, 1));
  CW_ASSIGN_OR_RETURN(std::vector<LockMark> marks, store_.Marks());
  std::lock_guard lock(mutex_);
  marks_ = std::move(marks);
  last_seq_ = stored_ = store_.HighestSeq();
  committed_ = forgotten_ = oldest.empty() ? last_seq_ : oldest.front().seq - 1;
  loaded_ = true;
  for (JournalEntry& entry : queue_) {
    if (entry.event) entry.event->seq = ++last_seq_;
  }
  if (const std::string loss = store_.TakeLoss(); !loss.empty()) {
    AppendLocked({.type = "agent.journal_gap", .payload = Value::Object{{"reason", loss}}});
  }
  return absl::OkStatus();
}

void EventJournal::Append(EventDraft draft) {
  {
    std::lock_guard lock(mutex_);
    AppendLocked(std::move(draft));
  }
  writer_.Ring();
}

void EventJournal::AppendLocked(EventDraft draft) {
  JournalEntry entry;
  if (!draft.type.empty()) entry.event = Made(draft);
  entry.marks = std::move(draft.marks);
  queue_.push_back(std::move(entry));
}

AgentEvent EventJournal::Made(const EventDraft& draft) {
  return {.id = EventId::New(),
          .seq = loaded_ ? ++last_seq_ : 0,
          .type = draft.type,
          .subject = draft.subject,
          .payload = draft.payload,
          .occurred_at = clock_.Now(),
          .boot_clock = clock_.SinceBoot(),
          .agent_epoch = epoch_};
}

void EventJournal::Flush() {
  std::lock_guard one(flushing_);
  absl::Status ready = Load();
  if (absl::IsDataLoss(ready)) {
    ready = StartAnew(ready);
    if (ready.ok()) ready = Load();
  }
  if (!ready.ok()) {
    NoteDisk(ready);
    return BoundQueue();
  }
  std::vector<JournalEntry> batch;
  int64_t committed, last;
  {
    std::lock_guard lock(mutex_);
    batch.assign(ring_.begin(), ring_.end());
    std::move(queue_.begin(), queue_.end(), std::back_inserter(batch));
    queue_.clear();
    committed = committed_;
    last = last_seq_;
  }
  absl::Status status;
  const bool news = !batch.empty();
  if (news) {
    status = store_.Append(batch);
    if (absl::IsDataLoss(status)) {
      status = StartAnew(status);
      if (status.ok()) status = store_.Append(batch);
    }
  }
  {
    std::lock_guard lock(mutex_);
    ring_.clear();
    if (status.ok()) {
      stored_ = last;
    } else {
      KeepInRing(std::move(batch));
    }
  }
  NoteDisk(status);
  if (news || !status.ok()) reader_.Ring();
  if (committed > forgotten_ && store_.Forget(committed).ok()) forgotten_ = committed;
  Bound();
}

absl::Status EventJournal::StartAnew(const absl::Status& why) {
  diary_.Error("the journal is damaged; moved aside, going on with a new one",
               {{"fault", std::string(why.message())}});
  absl::Status status = store_.StartAnew();
  {
    std::lock_guard lock(mutex_);
    stored_ = 0;
  }
  Append({.type = "agent.journal_gap", .payload = Value::Object{{"reason", "damaged"}}});
  return status;
}

void EventJournal::NoteDisk(const absl::Status& status) {
  std::lock_guard lock(mutex_);
  if (std::exchange(disk_failing_, !status.ok()) == disk_failing_) return;
  if (disk_failing_) {
    diary_.Error("the disk takes no lock changes; keeping them in memory",
                 {{"fault", std::string(status.message())}});
  } else {
    diary_.Info("the disk takes lock changes again");
  }
}

void EventJournal::BoundQueue() {
  std::lock_guard lock(mutex_);
  if (queue_.size() <= kRing) return;
  const auto kept = queue_.end() - static_cast<std::ptrdiff_t>(kRing);
  lost_ += std::count_if(queue_.begin(), kept,
                         [](const JournalEntry& entry) { return entry.event.has_value(); });
  queue_.erase(queue_.begin(), kept);
}

void EventJournal::KeepInRing(std::vector<JournalEntry> entries) {
  for (JournalEntry& entry : entries) {
    if (entry.event && entry.event->seq <= committed_) entry.event.reset();
    if (entry.event || !entry.marks.empty()) ring_.push_back(std::move(entry));
  }
  while (ring_.size() > kRing) {
    lost_ += ring_.front().event.has_value();
    ring_.pop_front();
  }
}

void EventJournal::Bound() {
  const auto count = store_.Count();
  if (!count.ok() || *count <= kMostKept) return;
  const auto oldest = store_.After(0, 1000);
  if (!oldest.ok() || oldest->empty()) return;
  if (!store_.Forget(oldest->back().seq).ok()) return;
  diary_.Error("the journal is full; the oldest changes are lost",
               {{"events", std::to_string(oldest->size())}});
  Append(
      {.type = "agent.journal_gap",
       .payload = Value::Object{{"reason", "full"}, {"events", static_cast<int>(oldest->size())}}});
  std::lock_guard lock(mutex_);
  lost_ += static_cast<int64_t>(oldest->size());
}

std::vector<AgentEvent> EventJournal::After(int64_t after, int limit) {
  int64_t stored;
  {
    std::lock_guard lock(mutex_);
    if (!loaded_) return {};
    after = std::max(after, committed_);
    stored = stored_;
  }
  std::vector<AgentEvent> events;
  if (after < stored) events = Stored(after, limit);
  std::lock_guard lock(mutex_);
  const int64_t last = events.empty() ? std::max(after, committed_) : events.back().seq;
  // The acknowledgement of a later one would forget what could not be read.
  if (last < stored_) return events;
  for (const JournalEntry& entry : ring_) {
    if (static_cast<int>(events.size()) >= limit) break;
    if (entry.event && entry.event->seq > last) events.push_back(*entry.event);
  }
  return events;
}

std::vector<AgentEvent> EventJournal::Stored(int64_t after, int limit) {
  auto stored = store_.After(after, limit);
  if (absl::IsDataLoss(stored.status())) {
    std::lock_guard one(flushing_);
    // A flush may have begun a new one meanwhile.
    stored = store_.After(after, limit);
    if (absl::IsDataLoss(stored.status())) StartAnew(stored.status()).IgnoreError();
  }
  return stored.ok() ? *std::move(stored) : std::vector<AgentEvent>();
}

void EventJournal::Committed(int64_t seq) {
  {
    std::lock_guard lock(mutex_);
    // A cloud that acknowledges what was never made is not believed.
    committed_ = std::max(committed_, std::min(seq, last_seq_));
    for (JournalEntry& entry : ring_) {
      if (entry.event && entry.event->seq <= committed_) entry.event.reset();
    }
    std::erase_if(ring_, [](const auto& entry) { return !entry.event && entry.marks.empty(); });
  }
  reader_.Ring();
}

int64_t EventJournal::committed() const {
  std::lock_guard lock(mutex_);
  return committed_;
}

int64_t EventJournal::last_seq() const {
  std::lock_guard lock(mutex_);
  return last_seq_;
}

bool EventJournal::loaded() const {
  std::lock_guard lock(mutex_);
  return loaded_;
}

std::vector<LockMark> EventJournal::Marks() const {
  std::lock_guard lock(mutex_);
  return marks_;
}

int64_t EventJournal::lost() const {
  std::lock_guard lock(mutex_);
  return lost_;
}

}  // namespace cartwise::edge
