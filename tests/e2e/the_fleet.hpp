#pragma once

#include "harness/rack.hpp"

namespace cartwise::fleet {

/// One fleet for all end-to-end tests of this program; each test makes its own
/// chain and rack in it.
Fleet& TheFleet();

}  // namespace cartwise::fleet
