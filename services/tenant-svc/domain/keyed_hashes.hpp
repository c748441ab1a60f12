#pragma once

#include <string>
#include <vector>

namespace cartwise::tenant {

/// Keyed hashes of one thing, one for each look-up key, the newest first. Counts
/// are kept under all of them, the rest under the newest, and found by any: while a
/// key changes, no count begins anew.
using KeyedHashes = std::vector<std::string>;

}  // namespace cartwise::tenant
