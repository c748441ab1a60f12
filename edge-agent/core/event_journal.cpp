#include "core/event_journal.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cartwise::edge {

EventJournal::EventJournal(EventStore& store, const Clock& clock, Diary& diary, std::string epoch,
                           Doorbell& writer, Doorbell& reader)
    : store_(store),
      clock_(clock),
      diary_(diary),
      epoch_(std::move(epoch)),
      writer_(writer),
      reader_(reader),
      last_seq_(store.HighestSeq()) {
  const auto oldest = store_.After(0, 1);
  if (oldest.ok() && !oldest->empty()) {
    committed_ = oldest->front().seq - 1;
  } else {
    committed_ = last_seq_;
  }
  forgotten_ = committed_;
  if (const std::string loss = store_.Loss(); !loss.empty()) {
    AppendLocked({.type = "agent.journal_gap", .payload = Value::Object{{"reason", loss}}});
  }
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
          .seq = ++last_seq_,
          .type = draft.type,
          .subject = draft.subject,
          .payload = draft.payload,
          .occurred_at = clock_.Now(),
          .boot_clock = clock_.SinceBoot(),
          .agent_epoch = epoch_};
}

void EventJournal::Flush() {
  std::lock_guard one(flushing_);
  std::vector<JournalEntry> batch;
  int64_t committed;
  {
    std::lock_guard lock(mutex_);
    batch.assign(ring_.begin(), ring_.end());
    std::move(queue_.begin(), queue_.end(), std::back_inserter(batch));
    queue_.clear();
    committed = committed_;
  }
  absl::Status status;
  const bool news = !batch.empty();
  if (news) {
    status = store_.Append(batch);
    if (absl::IsDataLoss(status)) {
      diary_.Error("the journal is damaged; moved aside, going on with a new one",
                   {{"fault", std::string(status.message())}});
      status = store_.StartAnew();
      if (status.ok()) status = store_.Append(batch);
      Append({.type = "agent.journal_gap", .payload = Value::Object{{"reason", "damaged"}}});
    }
  }
  {
    std::lock_guard lock(mutex_);
    ring_.clear();
    if (!status.ok()) KeepInRing(std::move(batch));
    if (std::exchange(disk_failing_, !status.ok()) != disk_failing_) {
      if (disk_failing_) {
        diary_.Error("the disk takes no lock changes; keeping them in memory",
                     {{"fault", std::string(status.message())}});
      } else {
        diary_.Info("the disk takes lock changes again");
      }
    }
  }
  if (news || !status.ok()) reader_.Ring();
  if (committed > forgotten_ && store_.Forget(committed).ok()) forgotten_ = committed;
  Bound();
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
  std::vector<AgentEvent> events;
  if (auto stored = store_.After(std::max(after, committed()), limit); stored.ok()) {
    events = *std::move(stored);
  }
  std::lock_guard lock(mutex_);
  const int64_t last = events.empty() ? std::max(after, committed_) : events.back().seq;
  for (const JournalEntry& entry : ring_) {
    if (static_cast<int>(events.size()) >= limit) break;
    if (entry.event && entry.event->seq > last) events.push_back(*entry.event);
  }
  return events;
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

std::vector<LockMark> EventJournal::Marks() {
  auto marks = store_.Marks();
  return marks.ok() ? *std::move(marks) : std::vector<LockMark>();
}

int64_t EventJournal::lost() const {
  std::lock_guard lock(mutex_);
  return lost_;
}

}  // namespace cartwise::edge
