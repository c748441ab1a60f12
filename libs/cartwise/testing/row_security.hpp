#pragma once

#include <string>

#include "cartwise/base/ids.hpp"
#include "cartwise/testing/database.hpp"

namespace cartwise::testing {

/// Fails the test unless the runtime role of `service` reaches the rows of one chain alone with
/// statements that name no tenant: each table of the service's schema that has a chain_id is read,
/// changed, written into and emptied as `own`, and as nobody. Both chains need a row in each of
/// them. What the role may not do at all (an audit log is not changed) counts as kept out. The rows
/// of `own` are gone afterwards.
void CheckRowSecurity(Database& database, const std::string& service, const ChainId& own,
                      const ChainId& foreign);

}  // namespace cartwise::testing
