#include "commands/re_erase.hpp"

#include <cstdio>
#include <fstream>
#include <map>

#include <absl/strings/str_cat.h>

#include "adapters/erasure_lines.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::tenant {
namespace {

absl::Status Usage() {
  return absl::InvalidArgumentError(
      "usage: tenant-svc re-erase --since 2026-01-31T00:00:00Z [--log F]");
}

absl::Status RememberFrom(const std::string& path, PersonalData& data) {
  std::ifstream log(path);
  if (!log) return absl::InvalidArgumentError(absl::StrCat("cannot read ", path));
  CW_ASSIGN_OR_RETURN(const int remembered, data.Remember(ReadErasureLines(log)));
  std::printf("%d erasures known from the log alone\n", remembered);
  return absl::OkStatus();
}

}  // namespace

absl::Status ReErase(const std::vector<std::string>& arguments, PersonalData& data) {
  std::map<std::string, std::string> options;
  for (size_t i = 0; i + 1 < arguments.size(); i += 2) options[arguments[i]] = arguments[i + 1];
  const auto since = ParseRfc3339(options["--since"]);
  if (!since.ok() || arguments.size() != 2 * (1 + options.count("--log"))) return Usage();
  if (options.contains("--log")) CW_RETURN_IF_ERROR(RememberFrom(options["--log"], data));

  CW_ASSIGN_OR_RETURN(const int again, data.EraseAgain(*since));
  PersonalData::Turn all;
  // A turn that finds nothing: the service goes on with the rest at this moment.
  for (int found = 1; found > 0 && all.done + all.left < again;) {
    CW_ASSIGN_OR_RETURN(const auto turn, data.GoOn());
    found = turn.done + turn.left;
    all.done += turn.done;
    all.left += turn.left;
  }
  std::printf("%d erasures to run again, %d done here\n", again, all.done);
  if (all.left == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      all.left,
      " erasures are left: a service is away, or somebody has a cart; tenant-svc goes on"));
}

}  // namespace cartwise::tenant
