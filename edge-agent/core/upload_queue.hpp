#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "cartwise/base/clock.hpp"
#include "core/diary.hpp"
#include "core/doorbell.hpp"
#include "core/event.hpp"

namespace cartwise::edge {

/// The disk of the upload queue, oldest first. Thread-safe.
class UploadStore {
 public:
  struct Row {
    int64_t number = 0;
    Measurement measurement;
  };

  virtual ~UploadStore() = default;
  virtual absl::Status Append(const Measurement& measurement) = 0;
  /// Rows above `after`, at most `limit`.
  virtual absl::StatusOr<std::vector<Row>> Oldest(int64_t after, int limit) = 0;
  /// Deletes rows up to `number`.
  virtual absl::Status Forget(int64_t number) = 0;
  /// Deletes the oldest row.
  virtual absl::Status ForgetOldest() = 0;
  virtual int64_t Count() const = 0;
};

/// Telemetry on its way to the cloud: bounded, survives a restart, gives way
/// when the disk is full. What is dropped is counted; what the disk does not
/// let go of is not given out again in this life. Thread-safe.
class UploadQueue {
 public:
  static constexpr int kMostKept = 20'000;
  static constexpr int kMostPerBatch = 200;
  /// The cloud takes a message of a megabyte.
  static constexpr size_t kMostBytesPerBatch = 256 * 1024;

  struct Batch {
    int64_t last = 0;     ///< for Committed and Refused
    int64_t too_old = 0;  ///< rows left out
    std::vector<Measurement> measurements;
  };

  UploadQueue(UploadStore& store, const Clock& clock, Diary& diary, Doorbell& uploader);

  void Append(const std::string& type, Value data);
  /// The oldest ones; empty when there are none.
  Batch Next();
  void Committed(const Batch& batch);
  /// The cloud called a batch invalid or too big. The next ones hold a single measurement,
  /// until the bad one was found and dropped.
  void Refused(const Batch& batch);

  int64_t dropped() const;
  int64_t waiting() const;

 private:
  /// Done with this batch. With mutex_ held, as is TidyUp.
  void Forget(const Batch& batch);
  void TidyUp();

  UploadStore& store_;
  const Clock& clock_;
  Diary& diary_;
  Doorbell& uploader_;
  mutable std::mutex mutex_;
  int64_t dropped_ = 0;
  int64_t forgotten_ = 0;      ///< rows up to here are done
  int64_t still_on_disk_ = 0;  ///< so many of them
  int batch_size_ = kMostPerBatch;
  bool disk_failing_ = false;
};

}  // namespace cartwise::edge
