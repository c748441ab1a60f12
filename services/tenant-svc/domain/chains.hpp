#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "cartwise/base/caller.hpp"
#include "domain/listing.hpp"
#include "domain/store.hpp"

/// What people do with chains. A chain out of the caller's sight is answered
/// as an absent one: CHAIN_NOT_FOUND.
namespace cartwise::tenant {

absl::StatusOr<Listing<Chain>> ListChains(Store& store, const std::string& query,
                                          const PageRequest& page);

absl::StatusOr<Chain> GetChain(Store& store, const ChainId& id);

/// Id and times of `want` are given here. SLUG_TAKEN.
absl::StatusOr<Chain> CreateChain(Store& store, const Caller& caller, Chain want, absl::Time now);

/// SLUG_TAKEN, PLATFORM_ADMIN_ONLY, WHOLE_CHAIN_ONLY.
absl::StatusOr<Chain> UpdateChain(Store& store, const Caller& caller, const ChainId& id,
                                  const ChainChange& change, absl::Time now);

/// CHAIN_NOT_EMPTY.
absl::Status DeleteChain(Store& store, const Caller& caller, const ChainId& id, absl::Time now);

/// Makes chains whose trial has ended inactive, and says so. How many they were.
absl::StatusOr<int> EndTrials(Store& store, absl::Time now);

/// The chain that a new thing is for: the one named, else the caller's own.
/// INVALID_FIELD when a platform admin names none; CHAIN_NOT_FOUND for a
/// foreign or absent one. It cannot be deleted until the transaction ends.
absl::StatusOr<ChainId> HoldChainFor(Store& store, const Caller& caller, const ChainId& named);

}  // namespace cartwise::tenant
