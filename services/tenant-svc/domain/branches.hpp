#pragma once

#include <absl/status/statusor.h>

#include "cartwise/base/caller.hpp"
#include "domain/listing.hpp"
#include "domain/store.hpp"

/// What people and services do with branches. A branch out of the caller's
/// sight is answered as an absent one: BRANCH_NOT_FOUND.
namespace cartwise::tenant {

/// Those of the filter that the caller may see.
absl::StatusOr<Listing<Branch>> ListBranches(Store& store, const Caller& caller,
                                             BranchFilter filter, const PageRequest& page);

/// A branch in which the caller has at least `least`.
absl::StatusOr<Branch> FindBranchFor(Store& store, const Caller& caller, const BranchId& id,
                                     Role least, For what);

/// Id and times of `want` are given here. CHAIN_NOT_FOUND, BRANCH_CODE_TAKEN,
/// WHOLE_CHAIN_ONLY.
absl::StatusOr<Branch> CreateBranch(Store& store, const Caller& caller, Branch want,
                                    absl::Time now);

/// BRANCH_CODE_TAKEN.
absl::StatusOr<Branch> UpdateBranch(Store& store, const Caller& caller, const BranchId& id,
                                    const BranchChange& change, absl::Time now);

absl::Status DeleteBranch(Store& store, const Caller& caller, const BranchId& id, absl::Time now);

/// Any branch, for other services.
absl::StatusOr<BranchEntry> LookUpBranch(Store& store, const BranchId& id);

}  // namespace cartwise::tenant
