#pragma once

#include "cartwise/pg/pool.hpp"
#include "domain/facts.hpp"

namespace cartwise::rental {

/// The FactStore on PostgreSQL; each call is one transaction in one round trip.
/// Projections stand in pg_projections.cpp, locks in pg_locks.cpp. Thread-safe.
class PgFacts final : public FactStore {
 public:
  explicit PgFacts(pg::Pool& pool) : pool_(pool) {}

  absl::Status Put(const ChainTold& told) override;
  absl::Status Put(const BranchTold& told) override;
  absl::Status Put(const ControllerTold& told) override;
  absl::Status Put(const PresenceTold& told) override;
  absl::StatusOr<std::vector<std::optional<LockView>>> Look(
      std::span<const LockChange* const> changes) override;
  absl::StatusOr<std::vector<std::pair<int, LockView>>> LookAtBoard(
      const LockChange& about) override;
  absl::StatusOr<std::vector<bool>> Apply(std::span<const Ruling> rulings) override;
  absl::Status MarkSeen(const ChainId& chain, const EventId& event) override;
  absl::StatusOr<std::optional<Rental>> Hear(const CommandTold& told) override;

 private:
  template <typename... Args>
  absl::StatusOr<pg::Rows> Run(const ChainId& chain, const pg::Query& query, const Args&... args);

  absl::StatusOr<std::vector<pg::Rows>> RunEach(const ChainId& chain, const pg::Query& query,
                                                std::vector<std::vector<pg::Param>> each);

  pg::Pool& pool_;
};

}  // namespace cartwise::rental
