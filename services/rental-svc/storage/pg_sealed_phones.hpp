#pragma once

#include "cartwise/pg/pool.hpp"
#include "domain/reseal.hpp"

namespace cartwise::rental {

/// SealedPhones on PostgreSQL. Thread-safe.
class PgSealedPhones final : public SealedPhones {
 public:
  explicit PgSealedPhones(pg::Pool& pool) : pool_(pool) {}

  absl::Status Guard(const std::string& tag, Make make) override;
  absl::StatusOr<std::vector<SealedRental>> Next(const NewestKeys& keys, const SealedRental& last,
                                                 int most) override;
  absl::StatusOr<int> Replace(const std::vector<SealedRental>& rentals) override;
  absl::StatusOr<int> CountOthers(const NewestKeys& keys) override;
  absl::StatusOr<std::vector<std::string>> ForgetOtherKeys(const std::string& tag) override;

 private:
  template <typename... Args>
  absl::StatusOr<pg::Rows> Run(const pg::Query& query, const Args&... args);

  pg::Pool& pool_;
};

}  // namespace cartwise::rental
