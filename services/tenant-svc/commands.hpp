#pragma once

#include <string>
#include <vector>

#include <absl/status/status.h>

#include "config.hpp"
#include "domain/otp_ports.hpp"

namespace cartwise::tenant {

/// Serves when there are no arguments, else runs the one command they name.
/// INVALID_ARGUMENT with the usage for anything else.
absl::Status RunCommand(const Config& config, OtpSecrets& otp_secrets,
                        const std::vector<std::string>& arguments);

}  // namespace cartwise::tenant
