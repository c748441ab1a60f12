#include "core/upload_queue.hpp"

#include <algorithm>
#include <utility>

namespace cartwise::edge {
namespace {

/// The cloud takes nothing older than seven days; an hour is for the way.
constexpr absl::Duration kOldest = absl::Hours(7 * 24 - 1);

/// At most what it takes as a protobuf Value.
size_t SizeOf(const Value& value) {
  constexpr size_t kValue = 12, kMember = 8;  // tags, lengths, and a number
  size_t size = kValue;
  if (const auto* text = std::get_if<std::string>(&value.data())) size += text->size();
  if (const auto* items = std::get_if<Value::List>(&value.data())) {
    for (const Value& item : *items) size += SizeOf(item);
  }
  if (const auto* members = std::get_if<Value::Object>(&value.data())) {
    for (const auto& member : *members) size += kMember + member.name.size() + SizeOf(member.value);
  }
  return size;
}

size_t SizeOf(const Measurement& measurement) {
  constexpr size_t kTimeAndTags = 40;
  return kTimeAndTags + measurement.id.value().size() + measurement.type.size() +
         SizeOf(measurement.data);
}

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
    size_t bytes = 0;
    for (UploadStore::Row& row : *rows) {
      const bool too_old = row.measurement.occurred_at < horizon;
      if (!too_old) bytes += SizeOf(row.measurement);
      if (bytes > kMostBytesPerBatch && !batch.measurements.empty()) break;
      batch.last = row.number;
      if (too_old) {
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
