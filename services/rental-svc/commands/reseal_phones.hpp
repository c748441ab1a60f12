#pragma once

#include <string>
#include <vector>

#include <absl/status/status.h>

#include "config.hpp"

namespace cartwise::rental {

/// `rental-svc reseal-phones`: seals and hashes every stored phone under the
/// first phone keys and prints how far it is. Safe beside running services, and begun again
/// it goes on. UNAVAILABLE when some are left under another key.
absl::Status ResealPhonesCommand(const Config& config, const std::vector<std::string>& arguments);

}  // namespace cartwise::rental
