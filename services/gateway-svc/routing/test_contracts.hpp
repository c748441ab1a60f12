#pragma once

#include <memory>
#include <string>

#include "routing/contracts.hpp"
#include "routing/router.hpp"

namespace cartwise::gateway {

/// The contracts of the fleet, as the program embeds them.
const Contracts& FleetContracts();
const Router& FleetRouter();

/// Contracts of one made-up file, package cartwise.probe.v1, with the message
/// Thing (see the source) and these service definitions as proto text:
///   ContractsOf(R"(rpc Get(Thing) returns (Thing) { ... })")
/// `options` is the text of the one method's options.
absl::StatusOr<std::unique_ptr<Contracts>> ContractsOf(const std::string& methods);

}  // namespace cartwise::gateway
