#include "domain/branches.hpp"

#include "cartwise/base/status_macros.hpp"
#include "domain/chains.hpp"
#include "domain/fields.hpp"
#include "domain/reasons.hpp"

namespace cartwise::tenant {

absl::StatusOr<Listing<Branch>> ListBranches(Store& store, const Caller& caller,
                                             BranchFilter filter, const PageRequest& page) {
  CW_RETURN_IF_ERROR(CheckEndsWithId(page));
  CW_RETURN_IF_ERROR(CheckQuery(filter.query));
  filter.only = caller.VisibleBranches();
  CW_ASSIGN_OR_RETURN(auto rows, store.ListBranches(filter, page));
  return ToListing(std::move(rows), page, [](const Branch& last) {
    return std::vector<std::string>{last.name, last.id.value()};
  });
}

absl::StatusOr<Branch> FindBranchFor(Store& store, const Caller& caller, const BranchId& id,
                                     Role least, For what) {
  CW_ASSIGN_OR_RETURN(auto branch, store.FindBranch(id, what));
  if (!branch || !caller.MayIn(id, least)) return reasons::BranchNotFound();
  return *std::move(branch);
}

absl::StatusOr<Branch> CreateBranch(Store& store, const Caller& caller, Branch want,
                                    absl::Time now) {
  CW_RETURN_IF_ERROR(want.Check());
  CW_ASSIGN_OR_RETURN(want.chain, HoldChainFor(store, caller, want.chain));
  if (!caller.HasChainRole(Role::kAdmin)) return reasons::WholeChainOnly();
  want.id = BranchId::New();
  want.active = true;
  want.created_at = want.updated_at = now;
  CW_RETURN_IF_ERROR(store.InsertBranch(want));
  CW_RETURN_IF_ERROR(store.Announce(ChangeBy(caller, "branch.created", now), want));
  return want;
}

absl::StatusOr<Branch> UpdateBranch(Store& store, const Caller& caller, const BranchId& id,
                                    const BranchChange& change, absl::Time now) {
  CW_ASSIGN_OR_RETURN(Branch before,
                      FindBranchFor(store, caller, id, Role::kAdmin, For::kChanging));
  CW_ASSIGN_OR_RETURN(Branch branch, change.Of(std::move(before), now));
  CW_RETURN_IF_ERROR(store.UpdateBranch(branch));
  CW_RETURN_IF_ERROR(store.Announce(ChangeBy(caller, "branch.updated", now), branch));
  return branch;
}

absl::Status DeleteBranch(Store& store, const Caller& caller, const BranchId& id, absl::Time now) {
  CW_ASSIGN_OR_RETURN(const Branch branch,
                      FindBranchFor(store, caller, id, Role::kAdmin, For::kChanging));
  CW_RETURN_IF_ERROR(store.DeleteBranch(branch, now));
  return store.Announce(ChangeBy(caller, "branch.deleted", now), branch);
}

absl::StatusOr<BranchEntry> LookUpBranch(Store& store, const BranchId& id) {
  CW_ASSIGN_OR_RETURN(auto entry, store.FindBranchEntry(id));
  if (!entry) return reasons::BranchNotFound();
  return *std::move(entry);
}

}  // namespace cartwise::tenant
