#pragma once

#include <memory>
#include <string>

#include <absl/status/statusor.h>

#include "cartwise/pg/connection.hpp"

namespace cartwise::testing {

/// Opens a connection that runs each statement for a stranger first, and undoes that: a tenant
/// who has no row, while the parameters still name the one who has. So the tenant that the
/// statement names does not protect anybody, and nothing but row security can.
///
/// A statement is kept out once the stranger got something else than the one it was meant for; its
/// name is then added to the file CARTWISE_TEST_STATEMENTS, if that is set. Ends the program
/// where a stranger is shown a value of the other.
absl::StatusOr<std::unique_ptr<pg::Connection>> OpenBesideStranger(const std::string& url);

}  // namespace cartwise::testing
