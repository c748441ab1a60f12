#include "domain/chains.hpp"

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "domain/fields.hpp"
#include "domain/reasons.hpp"

namespace cartwise::tenant {
namespace {

absl::StatusOr<Chain> MustFind(Store& store, const ChainId& id, For what) {
  CW_ASSIGN_OR_RETURN(auto chain, store.FindChain(id, what));
  if (!chain) return reasons::ChainNotFound();
  return *std::move(chain);
}

}  // namespace

absl::StatusOr<Listing<Chain>> ListChains(Store& store, const std::string& query,
                                          const PageRequest& page) {
  CW_RETURN_IF_ERROR(CheckEndsWithId(page));
  CW_RETURN_IF_ERROR(CheckQuery(query));
  CW_ASSIGN_OR_RETURN(auto rows, store.ListChains(query, page));
  return ToListing(std::move(rows), page, [](const Chain& last) {
    return std::vector<std::string>{last.name, last.id.value()};
  });
}

absl::StatusOr<Chain> GetChain(Store& store, const ChainId& id) {
  return MustFind(store, id, For::kReading);
}

absl::StatusOr<Chain> CreateChain(Store& store, const Caller& caller, Chain want, absl::Time now) {
  want.id = ChainId::New();
  want.contact_email = ToLowerAscii(want.contact_email);
  want.active = true;
  want.created_at = want.updated_at = now;
  want.SortFlags();
  CW_RETURN_IF_ERROR(want.Check());
  if (want.TrialOver(now)) return errors::InvalidField("trial_ends_at", "must be in the future");
  CW_RETURN_IF_ERROR(store.InsertChain(want));
  CW_RETURN_IF_ERROR(store.Announce(ChangeBy(caller, "chain.created", now), want));
  return want;
}

absl::StatusOr<Chain> UpdateChain(Store& store, const Caller& caller, const ChainId& id,
                                  const ChainChange& change, absl::Time now) {
  CW_ASSIGN_OR_RETURN(Chain before, MustFind(store, id, For::kChanging));
  if (!caller.HasChainRole(Role::kAdmin)) return reasons::WholeChainOnly();
  if (change.OfPlatform() && !caller.IsPlatformAdmin()) {
    return reasons::PlatformAdminOnly();
  }
  CW_ASSIGN_OR_RETURN(Chain chain, change.Of(std::move(before), now));
  CW_RETURN_IF_ERROR(store.UpdateChain(chain));
  CW_RETURN_IF_ERROR(store.Announce(ChangeBy(caller, "chain.updated", now), chain));
  return chain;
}

absl::Status DeleteChain(Store& store, const Caller& caller, const ChainId& id, absl::Time now) {
  CW_ASSIGN_OR_RETURN(const Chain chain, MustFind(store, id, For::kChanging));
  CW_ASSIGN_OR_RETURN(const bool has_branches, store.HasBranches(id));
  if (has_branches) return reasons::ChainNotEmpty();
  CW_RETURN_IF_ERROR(store.DeleteChain(id, now));
  return store.Announce(ChangeBy(caller, "chain.deleted", now), chain);
}

absl::StatusOr<int> EndTrials(Store& store, absl::Time now) {
  CW_ASSIGN_OR_RETURN(auto ended, store.TakeEndedTrials(now));
  for (Chain& chain : ended) {
    chain.active = false;
    chain.updated_at = now;
    CW_RETURN_IF_ERROR(store.UpdateChain(chain));
    CW_RETURN_IF_ERROR(store.Announce({"chain.trial_ended", now, ""}, chain));
  }
  return static_cast<int>(ended.size());
}

absl::StatusOr<ChainId> HoldChainFor(Store& store, const Caller& caller, const ChainId& named) {
  if (caller.IsPlatformAdmin() && named.empty()) {
    return errors::InvalidField("chain_id", "is required for a platform admin");
  }
  const ChainId chain = named.empty() ? caller.chain : named;
  if (!caller.IsPlatformAdmin() && chain != caller.chain) return reasons::ChainNotFound();
  CW_ASSIGN_OR_RETURN(const bool held, store.HoldChain(chain));
  if (!held) return reasons::ChainNotFound();
  return chain;
}

}  // namespace cartwise::tenant
