#include "cartwise/pg/deletes.hpp"

#include <absl/time/clock.h>

namespace cartwise::pg {

absl::Status DeleteOld(Pool& pool, std::span<const Step> deletes) {
  absl::Status first;
  for (const Step& each : deletes) {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    first.Update(pool.OnceParams(Tenant::Platform(), deadline, each.query, each.params).status());
  }
  return first;
}

}  // namespace cartwise::pg
