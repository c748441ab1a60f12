#pragma once

#include "cartwise/pg/pool.hpp"
#include "domain/command_log.hpp"

namespace cartwise::device {

/// The CommandLog on PostgreSQL: each call is one statement, one round trip, one
/// commit. Thread-safe.
class PgCommandLog final : public CommandLog {
 public:
  explicit PgCommandLog(pg::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::optional<Begun>> Begin(const NewCommand& command, const StreamId& stream,
                                             absl::Time deadline,
                                             absl::FunctionRef<void()> meanwhile) override;
  absl::StatusOr<Route> FindRoute(const DeviceKey& device, absl::Time deadline) override;
  absl::StatusOr<bool> HandOver(const NewCommand& command, const StreamId& stream,
                                const ReplicaId& from, const ReplicaId& to, absl::Duration age,
                                absl::Time deadline) override;
  absl::StatusOr<std::optional<TakenOver>> TakeOver(const ChainId& chain, const CommandId& id,
                                                    absl::Time deadline) override;
  absl::StatusOr<std::vector<Command>> NotTakenOver(const ReplicaId& replica,
                                                    absl::Time deadline) override;
  absl::StatusOr<std::optional<Command>> Find(const ChainId& chain, const CommandId& id,
                                              absl::Time deadline) override;
  absl::StatusOr<bool> SettleForWaiter(const DeviceKey& device, const CommandId& id,
                                       const Outcome& outcome, absl::Time deadline) override;
  absl::StatusOr<bool> GiveUp(const ChainId& chain, const CommandId& id, const std::string& reason,
                              absl::Time deadline) override;
  absl::StatusOr<int> GiveUpAbandoned(absl::Duration allowance, absl::Time deadline) override;

 private:
  pg::Pool& pool_;
};

}  // namespace cartwise::device
