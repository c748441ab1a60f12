#include "re_erase.hpp"

#include <cstdio>

#include <absl/strings/str_cat.h>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::tenant {

absl::Status ReErase(const std::vector<std::string>& arguments, PersonalData& data) {
  if (arguments.size() != 2 || arguments[0] != "--since" || !ParseRfc3339(arguments[1]).ok()) {
    return absl::InvalidArgumentError("usage: tenant-svc re-erase --since 2026-01-31T00:00:00Z");
  }
  CW_ASSIGN_OR_RETURN(const int again, data.EraseAgain(*ParseRfc3339(arguments[1])));
  int done = 0, left = 0;
  for (int turn = 0; done + left < again && turn <= again; ++turn) {
    CW_ASSIGN_OR_RETURN(const auto gone_on, data.GoOn());
    done += gone_on.done;
    left += gone_on.left;
  }
  std::printf("%d erasures to run again, %d done\n", again, done);
  if (left == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      left, " erasures are left: a service is away, or somebody has a cart; tenant-svc goes on"));
}

}  // namespace cartwise::tenant
