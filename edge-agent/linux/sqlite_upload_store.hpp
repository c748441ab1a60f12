#pragma once

#include <mutex>
#include <string>

#include "core/upload_queue.hpp"
#include "linux/sqlite.hpp"

namespace cartwise::edge {

/// The upload queue in `uploads.db`.
class SqliteUploadStore final : public UploadStore {
 public:
  explicit SqliteUploadStore(const std::string& state_dir);

  absl::Status Append(const Measurement& measurement) override;
  absl::StatusOr<std::vector<Row>> Oldest(int64_t after, int limit) override;
  absl::Status Forget(int64_t number) override;
  absl::Status ForgetOldest() override;
  int64_t Count() const override;

  /// Why the queue had to begin anew; empty when it had not, or when told before.
  std::string TakeLoss();

 private:
  absl::Status Read(int64_t after, int limit, std::vector<Row>& oldest);

  mutable std::mutex mutex_;
  mutable SqliteFile file_;
  int64_t given_out_ = 0;  ///< the queue is done with numbers up to here, or will be
};

}  // namespace cartwise::edge
