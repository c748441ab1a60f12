#pragma once

#include <string>
#include <vector>

#include <absl/status/status.h>

#include "domain/credentials.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// `tenant-svc create-platform-admin --email E --password-file F`: makes the
/// platform admin, or sets the password of the one there is. The password is the
/// file's first line, so that it stands in no process list.
absl::Status CreatePlatformAdmin(const std::vector<std::string>& arguments,
                                 TenantDatabase& database, Credentials& credentials);

}  // namespace cartwise::tenant
