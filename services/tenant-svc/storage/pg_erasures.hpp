#pragma once

#include "cartwise/pg/pool.hpp"
#include "domain/erasure.hpp"

namespace cartwise::tenant {

/// ErasureStore on PostgreSQL, within one transaction.
class PgErasures final : public ErasureStore {
 public:
  explicit PgErasures(pg::Transaction& tx) : tx_(tx) {}

  absl::Status InsertErasure(const Erasure& erasure) override;
  absl::StatusOr<std::optional<Erasure>> FindErasure(const ErasureId& id) override;
  absl::StatusOr<std::vector<Erasure>> ClaimRunning(absl::Time before, absl::Time now,
                                                    int most) override;
  absl::Status SaveProgress(const Erasure& erasure, absl::Time now) override;
  absl::StatusOr<bool> InsertDone(const Erasure& erasure) override;
  absl::Status Announce(const Change& change, const Thing& thing) override;
  absl::StatusOr<int> Reopen(absl::Time since) override;

 private:
  absl::Status ReadParts(Erasure& erasure);

  pg::Transaction& tx_;
};

}  // namespace cartwise::tenant
