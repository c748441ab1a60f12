#pragma once

#include <memory>
#include <vector>

#include "config.hpp"
#include "domain/erasure.hpp"
#include "domain/otp_ports.hpp"

namespace cartwise::tenant {

/// Everybody who holds personal data: the services of the configuration, then
/// this one, which forgets the phone last.
std::vector<std::unique_ptr<DataHolder>> MakeDataHolders(const Config& config, pg::Pool& pool,
                                                         OtpSecrets& secrets);

/// The same, lent.
std::vector<DataHolder*> Lent(const std::vector<std::unique_ptr<DataHolder>>& holders);

}  // namespace cartwise::tenant
