#pragma once

#include <functional>
#include <string>

#include "cartwise/base/clock.hpp"
#include "cartwise/base/database.hpp"
#include "domain/commands.hpp"

namespace cartwise::device {

/// Commands that people and API keys give by hand, by whatever device they may handle. Each is in
/// the audit log before it is sent, and again with how it ended.
class StaffCommands {
 public:
  /// Whether two JSON texts say the same.
  using SameJson = std::function<bool(const std::string&, const std::string&)>;

  StaffCommands(Database<Store>& database, Commands& commands, const Clock& clock, SameJson same)
      : database_(database), commands_(commands), clock_(clock), same_json_(std::move(same)) {}

  /// Executes it; a repeat of the same id gets the same command, which is never sent twice. The
  /// chain is the device's. INVALID_FIELD, DEVICE_NOT_FOUND, IDEMPOTENCY_KEY_REUSED for an id that
  /// stands for something else, and what Commands::Execute answers.
  absl::StatusOr<Command> Execute(const Caller& caller, NewCommand wanted);

 private:
  struct Begun {
    BranchId branch;
    bool repeated = false;
  };

  absl::StatusOr<Begun> Begin(const Caller& caller, NewCommand& wanted);
  bool IsSame(const Command& stored, const NewCommand& wanted) const;
  absl::Status Announce(Caller caller, const Command& command, const BranchId& branch);

  Database<Store>& database_;
  Commands& commands_;
  const Clock& clock_;
  const SameJson same_json_;
};

}  // namespace cartwise::device
