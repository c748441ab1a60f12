#include "core/upload_queue.hpp"

#include <algorithm>
#include <utility>

namespace cartwise::edge {
namespace {

/// The cloud takes nothing older than seven days; an hour is for the way.
constexpr absl::Duration kOldest = absl::Hours(7 * 24 - 1);

}  // namespace

UploadQueue::UploadQueue(UploadStore& store, const Clock& clock, Diary& diary, Doorbell& uploader)
    : store_(store), clock_(clock), diary_(diary), uploader_(uploader) {}

void UploadQueue::Append(const std::string& type, Value data) {
  const absl::Status status = store_.Append(
      {.id = EventId::New(), .type = type, .data = std::move(data), .occurred_at = clock_.Now()});
  {
    std::lock_guard lock(mutex_);
    TidyUp();
    if (!status.ok()) {
      ++dropped_;
    } else if (store_.Count() > kMostKept && store_.ForgetOldest().ok()) {
      ++dropped_;
    }
    if (std::exchange(disk_failing_, !status.ok()) != disk_failing_ && disk_failing_) {
      diary_.Error("the disk takes no telemetry; it is dropped and counted",
                   {{"fault", std::string(status.message())}});
    }
  }
  uploader_.Ring();
}

UploadQueue::Batch UploadQueue::Next() {
  std::lock_guard lock(mutex_);
  TidyUp();
  const absl::Time horizon = clock_.Now() - kOldest;
  while (true) {
    auto rows = store_.Oldest(forgotten_, batch_size_);
    Batch batch;
    if (!rows.ok() || rows->empty()) return batch;
    for (UploadStore::Row& row : *rows) {
      batch.last = row.number;
      if (row.measurement.occurred_at < horizon) {
        ++batch.too_old;
      } else {
        batch.measurements.push_back(std::move(row.measurement));
      }
    }
    if (!batch.measurements.empty()) return batch;
    Forget(batch);
  }
}

void UploadQueue::Committed(const Batch& batch) {
  std::lock_guard lock(mutex_);
  Forget(batch);
  batch_size_ = std::min(batch_size_ * 2, kMostPerBatch);
}

void UploadQueue::Refused(const Batch& batch) {
  std::lock_guard lock(mutex_);
  if (batch.measurements.size() > 1) {
    batch_size_ = 1;
    return;
  }
  diary_.Error("the cloud refuses a measurement; it is dropped",
               {{"event_type", batch.measurements.empty() ? "" : batch.measurements[0].type}});
  dropped_ += static_cast<int64_t>(batch.measurements.size());
  Forget(batch);
}

void UploadQueue::Forget(const Batch& batch) {
  if (batch.last <= forgotten_) return;
  dropped_ += batch.too_old;
  forgotten_ = batch.last;
  still_on_disk_ += batch.too_old + static_cast<int64_t>(batch.measurements.size());
  TidyUp();
}

void UploadQueue::TidyUp() {
  if (still_on_disk_ > 0 && store_.Forget(forgotten_).ok()) still_on_disk_ = 0;
}

int64_t UploadQueue::waiting() const {
  std::lock_guard lock(mutex_);
  return std::max<int64_t>(0, store_.Count() - still_on_disk_);
}

int64_t UploadQueue::dropped() const {
  std::lock_guard lock(mutex_);
  return dropped_;
}

}  // namespace cartwise::edge
