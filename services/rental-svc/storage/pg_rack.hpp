#pragma once

#include <atomic>

#include "cartwise/base/batcher.hpp"
#include "cartwise/pg/pool.hpp"
#include "domain/rack.hpp"

namespace cartwise::rental {

/// The steps of an opening on PostgreSQL: one statement, one round trip each. Rentals of a
/// chain that become ACTIVE at the same time share theirs.
class PgRack final : public Rack {
 public:
  explicit PgRack(pg::Pool& pool);

  absl::StatusOr<TakeResult> Take(const Caller& caller, const Taking& want) override;
  absl::StatusOr<std::optional<TakeResult>> AwaitEarlier(const Caller& caller,
                                                         const BranchId& branch,
                                                         absl::Time until) override;
  void Rehearse(const Caller& caller, const Rental& rental) override;
  absl::StatusOr<bool> Activate(const Caller& caller, const Rental& rental, absl::Time at) override;
  absl::StatusOr<bool> Doubt(const Caller& caller, const Rental& rental) override;
  absl::StatusOr<bool> Cancel(const Caller& caller, const Rental& rental,
                              const std::string& end_reason) override;
  absl::StatusOr<bool> Jam(const Caller& caller, const Rental& rental,
                           const std::string& end_reason) override;
  absl::StatusOr<TakeResult> JamAndTake(const Caller& caller, const Rental& rental,
                                        const std::string& end_reason, const Taking& next) override;
  absl::StatusOr<Rental> Find(const Caller& caller, const Rental& rental) override;

 private:
  struct Activation {
    const Caller& caller;
    const Rental& rental;
    absl::Time at;
  };
  using Activations = std::span<const Activation* const>;

  std::vector<absl::StatusOr<bool>> ActivateAll(const ChainId& chain, Activations all);
  absl::StatusOr<std::optional<TakeResult>> FindEarlier(const Caller& caller,
                                                        const BranchId& branch);

  pg::Pool& pool_;
  Batcher<Activation, absl::StatusOr<bool>> activations_;
  std::atomic_flag rehearsing_;
};

}  // namespace cartwise::rental
