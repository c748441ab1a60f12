#pragma once

#include <absl/status/status.h>

#include "cartwise/obs/metrics.hpp"
#include "cartwise/pg/pool.hpp"
#include "config.hpp"
#include "domain/credentials.hpp"
#include "domain/otp_ports.hpp"
#include "domain/personal_data.hpp"
#include "domain/second_factor.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// Serves the API, the probes and the relay of events until SIGTERM, then
/// drains: no new calls, ten seconds for those that run.
absl::Status Serve(const Config& config, pg::Pool& pool, TenantDatabase& database,
                   Credentials& credentials, OtpSecrets& otp_secrets, FactorSecrets& factors,
                   PersonalData& people, obs::Metrics& metrics);

}  // namespace cartwise::tenant
