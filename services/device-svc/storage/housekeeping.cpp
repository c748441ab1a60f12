#include "storage/housekeeping.hpp"

#include <absl/time/clock.h>

namespace cartwise::device {
namespace {

constexpr absl::Duration kAnswersKept = absl::Hours(24);

constexpr pg::Query kDropAnswers{"device_drop_old_answers", R"sql(
  DELETE FROM device.idempotency_keys WHERE created_at < $1)sql"};

}  // namespace

absl::Status Tidy(pg::Pool& pool, absl::Time now) {
  return pool
      .Once(pg::Tenant::Platform(), absl::Now() + absl::Seconds(30), kDropAnswers,
            now - kAnswersKept)
      .status();
}

}  // namespace cartwise::device
