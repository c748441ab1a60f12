#include "commands/create_platform_admin.hpp"

#include <fstream>
#include <map>

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include "domain/users.hpp"

namespace cartwise::tenant {
namespace {

constexpr char kUsage[] = "usage: tenant-svc create-platform-admin --email E --password-file F";

}  // namespace

absl::Status CreatePlatformAdmin(const std::vector<std::string>& arguments,
                                 TenantDatabase& database, Credentials& credentials) {
  std::map<std::string, std::string> options;
  for (size_t i = 0; i + 1 < arguments.size(); i += 2) options[arguments[i]] = arguments[i + 1];
  if (arguments.size() != 4 || !options.contains("--email") ||
      !options.contains("--password-file")) {
    return absl::InvalidArgumentError(kUsage);
  }
  std::ifstream file(options["--password-file"]);
  std::string password;
  if (!std::getline(file, password)) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read a password from ", options["--password-file"]));
  }
  return SetPlatformAdmin(database, credentials, options["--email"], password, absl::Now());
}

}  // namespace cartwise::tenant
