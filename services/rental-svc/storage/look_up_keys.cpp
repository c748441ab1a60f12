#include "storage/look_up_keys.hpp"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::rental {
namespace {

constexpr pg::Query kMissing{"look_up_keys_missing", R"sql(
  SELECT min(l.tag) AS tag FROM rental.look_up_keys l
   WHERE l.tag <> ALL (SELECT left(h, -64) FROM unnest($1::text[]) h))sql"};

}  // namespace

std::string LookUpKeyName(const std::string& tag) {
  if (tag.empty()) return "lookup";
  return absl::StrCat("lookup-", tag.substr(0, tag.size() - 1));
}

absl::Status LookUpKeyMissing() {
  return absl::UnavailableError(
      "a key by which phones are found is not in this service's key file");
}

absl::Status CheckLookUpKeys(pg::Pool& pool, const PhoneVault& vault) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      pool.Once(pg::Tenant::Platform(), absl::Now() + absl::Seconds(5), kMissing,
                                vault.Hashes("")));
  if (rows.front().IsNull("tag")) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("phones are found by the key ", LookUpKeyName(rows.front().Text("tag")),
                   ", which is not in the key file; put it back, or run reseal-phones to its end"));
}

}  // namespace cartwise::rental
