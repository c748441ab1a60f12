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
  absl::StatusOr<int64_t> Forget(int64_t number) override;
  absl::Status ForgetOldest() override;
  int64_t Count() const override;

 private:
  absl::Status Recount();

  mutable std::mutex mutex_;
  SqliteFile file_;
  int64_t count_ = 0;
};

}  // namespace cartwise::edge
