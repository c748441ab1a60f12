#pragma once

#include <string>
#include <vector>

#include <absl/status/status.h>

#include "domain/personal_data.hpp"

namespace cartwise::tenant {

/// `tenant-svc re-erase --since T [--log F]`: runs every erasure that was done at
/// or after T (RFC 3339: when the restored backup was taken) once more, and
/// prints how many there were. F is a log of this service: erasures that the
/// backup does not know of come from there. UNAVAILABLE when some are left,
/// which the service finishes.
absl::Status ReErase(const std::vector<std::string>& arguments, PersonalData& data);

}  // namespace cartwise::tenant
