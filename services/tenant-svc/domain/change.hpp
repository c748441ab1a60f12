#pragma once

#include <string>
#include <string_view>

#include <absl/time/time.h>

#include "cartwise/base/event.hpp"
#include "cartwise/base/ids.hpp"

namespace cartwise::tenant {

/// A change that others hear of.
struct Change {
  std::string_view type;  ///< "branch.updated"
  absl::Time at;
  std::string trace_id;
  Audit audit;
};

/// One that `caller` makes, for this reason.
inline Change ChangeBy(const Caller& caller, std::string_view type, absl::Time at,
                       std::string reason = "") {
  return {type, at, caller.trace_id, AuditOf(caller, std::move(reason))};
}

/// Something of a chain (or of none) of which others hear no more than that it
/// was changed.
struct Thing {
  ChainId chain;
  BranchId branch;
  std::string id;
};

}  // namespace cartwise::tenant
