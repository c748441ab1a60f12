#include "api/event_pump.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include "cartwise/rpc/server.hpp"
#include "cartwise/rpc/status.hpp"

namespace cartwise::device {
namespace {

constexpr int kMostPerBatch = 500;
// Half of what a service takes in one message.
constexpr size_t kMostBytes = 512 * 1024;
constexpr absl::Duration kLeastBackoff = absl::Milliseconds(100);
constexpr absl::Duration kMostBackoff = absl::Seconds(5);
constexpr absl::Duration kPerCall = absl::Seconds(10);

}  // namespace

void RemoteTaker::Take(std::shared_ptr<const events::v1::DeliverRequest> batch, Done done) {
  struct Call {
    grpc::ClientContext context;
    std::shared_ptr<const events::v1::DeliverRequest> batch;
    google::protobuf::Empty answer;
    Done done;
  };
  auto* const call = new Call{{}, std::move(batch), {}, std::move(done)};
  rpc::Prepare(call->context, absl::Now() + kPerCall, "");
  stub_->async()->Deliver(&call->context, call->batch.get(), &call->answer,
                          [call](const grpc::Status& status) {
                            const std::unique_ptr<Call> owned(call);
                            owned->done(rpc::FromGrpc(status));
                          });
}

EventPump::EventPump(Parts parts) : parts_(std::move(parts)), progress_(parts_.takers.size()) {}

bool EventPump::Put(int64_t journal_seq, std::optional<events::v1::Event> event) {
  {
    std::unique_lock lock(mutex_);
    if (stopped_) return true;
    if (journal_seq <= highest_seq_) {
      // Said again: either on its way, or the agent missed the acknowledgement.
      if (journal_seq > committed_seq_) return true;
      const int64_t committed = committed_seq_;
      lock.unlock();
      parts_.committed(committed);
      return true;
    }
    if (queue_.size() >= kMost) return false;
    highest_seq_ = journal_seq;
    queue_.push_back({journal_seq, std::move(event)});
  }
  for (size_t i = 0; i < progress_.size(); ++i) Pump(i);
  return true;
}

void EventPump::WhenDecided(std::function<void()> then) {
  std::unique_lock lock(mutex_);
  when_decided_ = std::move(then);
  decided_before_ = first_ + int64_t(queue_.size());
  const auto decided = TakeDecided();
  lock.unlock();
  if (decided) decided();
}

// What waits for a decision, when there is one.
std::function<void()> EventPump::TakeDecided() {
  for (size_t i = 0; i < progress_.size(); ++i) {
    const bool decides = parts_.takers[i]->gather() == absl::ZeroDuration();
    if (decides && progress_[i].next < decided_before_) return nullptr;
  }
  return std::exchange(when_decided_, nullptr);
}

void EventPump::Stop() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
  when_decided_ = nullptr;
}

void EventPump::Pump(size_t taker) {
  {
    std::lock_guard lock(mutex_);
    Progress& progress = progress_[taker];
    if (stopped_ || progress.busy || progress.next == first_ + int64_t(queue_.size())) return;
    progress.busy = true;
  }
  const absl::Duration gather = parts_.takers[taker]->gather();
  return gather > absl::ZeroDuration() ? HandAfter(taker, gather) : Hand(taker);
}

void EventPump::HandAfter(size_t taker, absl::Duration wait) {
  parts_.timer.PostAfter(parts_.device.value(), wait,
                         [self = shared_from_this(), taker] { self->Hand(taker); });
}

// The taker is busy until it has answered, so that nothing overtakes.
void EventPump::Hand(size_t taker) {
  auto batch = std::make_shared<events::v1::DeliverRequest>();
  int64_t count = 0;
  {
    std::lock_guard lock(mutex_);
    Progress& progress = progress_[taker];
    const int64_t end = first_ + int64_t(queue_.size());
    if (stopped_) return;
    const int64_t most = std::min<int64_t>(end - progress.next, progress.limit);
    for (size_t bytes = 0; count < most; ++count) {
      const Entry& entry = queue_[size_t(progress.next - first_ + count)];
      if (!entry.event) continue;
      bytes += entry.event->ByteSizeLong();
      if (bytes > kMostBytes && count > 0) break;
      *batch->add_events() = *entry.event;
    }
  }
  if (batch->events().empty()) return Finished(taker, count, absl::OkStatus());
  parts_.takers[taker]->Take(std::move(batch),
                             [self = shared_from_this(), taker, count](const absl::Status& status) {
                               self->Finished(taker, count, status);
                             });
}

void EventPump::Finished(size_t taker, int64_t count, const absl::Status& status) {
  std::unique_lock lock(mutex_);
  if (stopped_) return;
  Progress& progress = progress_[taker];
  const bool refused = absl::IsInvalidArgument(status);
  if (status.ok() || (refused && count == 1)) {
    progress.next += count;
    progress.limit = std::min(progress.limit * 2, kMostPerBatch);
    progress.backoff = absl::ZeroDuration();
    progress.busy = false;
    const auto decided = TakeDecided();
    Advance(std::move(lock));
    if (decided) decided();
    if (refused) {
      parts_.watch.Worry("an event was refused for good", parts_.device,
                         absl::StrCat(parts_.takers[taker]->name(), ": ", status.ToString()));
    }
    return Pump(taker);
  }
  if (refused) {
    // One of them is at fault: one by one until it is found.
    progress.limit = 1;
    lock.unlock();
    return Hand(taker);
  }
  progress.backoff = std::clamp(progress.backoff * 2, kLeastBackoff, kMostBackoff);
  const absl::Duration wait = progress.backoff;
  lock.unlock();
  if (wait == kLeastBackoff) {
    parts_.watch.Worry("events wait", parts_.device,
                       absl::StrCat(parts_.takers[taker]->name(), ": ", status.ToString()));
  }
  HandAfter(taker, wait);
}

// Forgets what all takers have, and says so.
void EventPump::Advance(std::unique_lock<std::mutex> lock) {
  int64_t least = progress_.front().next;
  for (const Progress& progress : progress_) least = std::min(least, progress.next);
  if (least == first_) return;
  const auto done = queue_.begin() + (least - std::exchange(first_, least));
  committed_seq_ = std::prev(done)->seq;
  queue_.erase(queue_.begin(), done);
  // Most agents have nothing to tell most of the time.
  if (queue_.empty()) queue_.shrink_to_fit();
  const int64_t committed = committed_seq_;
  lock.unlock();
  parts_.committed(committed);
}

}  // namespace cartwise::device
