#include "storage/pg_unfinished.hpp"

#include <absl/time/clock.h>

#include "cartwise/base/status_macros.hpp"
#include "storage/rows.hpp"
#include "storage/staff_unlock_sql.hpp"

namespace cartwise::rental {
namespace sql {

// Ever less often. $1 now, $3 the shortest pause in seconds.
#define IS_TO_BE_CHECKED(row, began)    \
  "(" row ".checked_at IS NULL OR " row \
  ".checked_at + greatest("             \
  "$3::float8 * interval '1 second', ($1 - " row "." began ") / 20) < $1::timestamptz)"

// Each look is a command to the device. $1 now, $2 opening before, $3 pause in seconds, $4 most.
constexpr pg::Query kClaimRentals{"unfinished_rentals", R"sql(
  WITH unfinished AS (
    SELECT r.chain_id, r.id FROM rental.rentals r
     WHERE r.)sql" RENTAL_IS_OPEN R"sql(
       AND ((r.status = 'OPENING' AND r.start_time < $2) OR r.status = 'UNCONFIRMED')
       AND )sql" IS_TO_BE_CHECKED("r", "start_time") R"sql(
     ORDER BY r.checked_at NULLS FIRST, r.start_time LIMIT $4 FOR UPDATE SKIP LOCKED
  )
  UPDATE rental.rentals r SET checked_at = $1::timestamptz
    FROM unfinished u WHERE r.chain_id = u.chain_id AND r.id = u.id
  RETURNING )sql" RENTAL_COLUMNS};

// $1 now, $2 asked before, $3 pause in seconds, $4 most. The device is named for the index
// (migration 0012).
constexpr pg::Query kClaimStaffUnlocks{"unfinished_staff_unlocks", R"sql(
  WITH unfinished AS (
    SELECT u.chain_id, u.command_id FROM rental.staff_unlocks u
     WHERE u.state IN ('SENT', 'UNKNOWN') AND u.device_id IS NOT NULL AND u.requested_at < $2
       AND )sql" IS_TO_BE_CHECKED("u", "requested_at") R"sql(
     ORDER BY u.checked_at NULLS FIRST, u.requested_at LIMIT $4 FOR UPDATE SKIP LOCKED
  )
  UPDATE rental.staff_unlocks s SET checked_at = $1::timestamptz
    FROM unfinished u WHERE s.chain_id = u.chain_id AND s.command_id = u.command_id
  RETURNING s.chain_id, s.command_id)sql"};

// Time in which the branch was offline does not count against the shopper.
constexpr pg::Query kMarkOverdue{"unfinished_overdue", R"sql(
  WITH late AS (
    SELECT r.chain_id, r.id FROM rental.rentals r
     WHERE r.status = 'ACTIVE' AND r.expected_return < now()
       AND r.)sql" RENTAL_IS_OPEN R"sql(
       AND r.expected_return + )sql" OFFLINE_CREDIT("now()") R"sql( < now()
     ORDER BY r.expected_return LIMIT $1 FOR UPDATE SKIP LOCKED
  ), moved AS (
    UPDATE rental.rentals r SET status = 'OVERDUE', updated_at = now()
      FROM late WHERE r.chain_id = late.chain_id AND r.id = late.id
    RETURNING r.chain_id, r.id, r.branch_id, r.device_id, rental.rental_payload(r) AS payload
  )
  INSERT INTO rental.outbox (chain_id, event_id, branch_id, device_id, type, subject, occurred_at,
                             payload)
  SELECT m.chain_id, gen_random_uuid(), m.branch_id, m.device_id, 'rental.overdue', m.id::text,
         now(), m.payload
    FROM moved m)sql"};

}  // namespace sql

template <typename... Args>
absl::StatusOr<pg::Rows> PgUnfinished::Run(const pg::Query& query, const Args&... args) {
  return pool_.Once(pg::Tenant::Platform(), absl::Now() + absl::Seconds(5), query, args...);
}

absl::StatusOr<std::vector<Rental>> PgUnfinished::ClaimRentals(absl::Time now,
                                                               absl::Time opening_before,
                                                               absl::Duration pause, int most) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, Run(sql::kClaimRentals, now, opening_before,
                                               absl::ToDoubleSeconds(pause), most));
  std::vector<Rental> rentals;
  for (const pg::Row row : rows) rentals.push_back(ReadRental(row));
  return rentals;
}

absl::StatusOr<std::vector<OpenStaffUnlock>> PgUnfinished::ClaimStaffUnlocks(
    absl::Time now, absl::Time asked_before, absl::Duration pause, int most) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, Run(sql::kClaimStaffUnlocks, now, asked_before,
                                               absl::ToDoubleSeconds(pause), most));
  std::vector<OpenStaffUnlock> unlocks;
  for (const pg::Row row : rows) {
    unlocks.push_back({row.As<ChainId>("chain_id"), row.As<CommandId>("command_id")});
  }
  return unlocks;
}

absl::Status PgUnfinished::SettleStaffUnlock(const ChainId& chain, const CommandId& command,
                                             const CommandOutcome& outcome) {
  return Run(sql::kSettleStaffUnlock, chain, command, Name(outcome.state), outcome.reason).status();
}

absl::StatusOr<int> PgUnfinished::MarkOverdue(int most) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, Run(sql::kMarkOverdue, most));
  return rows.affected();
}

}  // namespace cartwise::rental
