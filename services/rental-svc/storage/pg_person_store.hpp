#pragma once

#include "cartwise/pg/pool.hpp"
#include "domain/personal_data.hpp"

namespace cartwise::rental {

/// PersonStore on PostgreSQL, one statement per call. Thread-safe.
class PgPersonStore final : public PersonStore {
 public:
  explicit PgPersonStore(pg::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::vector<Rental>> RentalsOf(const ChainId& chain, const PhoneHashes& phone,
                                                int most, absl::Time deadline) override;
  absl::StatusOr<bool> HasOpenRental(const ChainId& chain, const PhoneHashes& phone,
                                     absl::Time deadline) override;
  absl::StatusOr<int> Erase(const ChainId& chain, const PhoneHashes& phone,
                            absl::Time deadline) override;

 private:
  pg::Pool& pool_;
};

}  // namespace cartwise::rental
