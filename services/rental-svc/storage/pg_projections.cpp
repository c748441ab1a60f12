#include <absl/time/clock.h>

#include "cartwise/base/status_macros.hpp"
#include "storage/pg_facts.hpp"
#include "storage/rows.hpp"
#include "storage/staff_unlock_sql.hpp"

namespace cartwise::rental {
namespace {

constexpr absl::Duration kOwnTime = absl::Seconds(5);

}  // namespace

namespace sql {

// Older news never replaces newer: events of one source come in order, but a
// repeated batch brings old ones again.
constexpr pg::Query kChain{"told_chain", R"sql(
  INSERT INTO rental.chains AS p (chain_id, active, changed_at) VALUES ($1, $2, $3)
  ON CONFLICT (chain_id) DO UPDATE SET active = excluded.active, changed_at = excluded.changed_at
   WHERE p.changed_at <= excluded.changed_at)sql"};

constexpr pg::Query kBranch{"told_branch", R"sql(
  INSERT INTO rental.branches AS p (chain_id, branch_id, active, deleted, rental_term, time_zone,
                                    changed_at)
  VALUES ($1, $2, $3, $4, $5::float8 * interval '1 second',
          -- A zone this server does not know would break every count of today.
          CASE WHEN EXISTS (SELECT FROM pg_timezone_names WHERE name = $6::text) THEN $6::text
               ELSE 'Asia/Jerusalem' END, $7)
  ON CONFLICT (chain_id, branch_id) DO UPDATE
     SET active = excluded.active, deleted = excluded.deleted, rental_term = excluded.rental_term,
         time_zone = excluded.time_zone, changed_at = excluded.changed_at
   WHERE p.changed_at <= excluded.changed_at)sql"};

// A board that is gone takes its carts out of service; a person decides on.
constexpr pg::Query kController{"told_controller", R"sql(
  WITH put AS (
    INSERT INTO rental.controllers AS p (chain_id, controller_id, branch_id, device_id, has_ir,
                                         online, reached, deleted, changed_at)
    VALUES ($1, $2, $3, $4, $5, $7::boolean AND coalesce((SELECT d.online FROM rental.devices d
              WHERE d.chain_id = $1 AND d.device_id = $4 AND d.changed_at >= $9), $6), $7, $8, $9)
    ON CONFLICT (chain_id, controller_id) DO UPDATE
       SET branch_id = excluded.branch_id, device_id = excluded.device_id,
           has_ir = excluded.has_ir, online = excluded.online, reached = excluded.reached,
           deleted = excluded.deleted, changed_at = excluded.changed_at
     WHERE p.changed_at <= excluded.changed_at
    RETURNING chain_id, controller_id, deleted
  ), stranded AS (
  UPDATE rental.carts c SET status = 'MAINTENANCE', updated_at = now(),
         maintenance_notes = right(concat_ws(E'\n', nullif(c.maintenance_notes, ''),
                                             'its controller was removed'), 1000)
   WHERE (c.chain_id, c.controller_id) =
         (SELECT p.chain_id, p.controller_id FROM put p WHERE p.deleted)
     AND c.status = 'AVAILABLE' AND c.deleted_at IS NULL
  RETURNING c.chain_id, c.id, c.branch_id, rental.cart_payload(c) AS payload
  )
  INSERT INTO rental.outbox (chain_id, event_id, branch_id, device_id, type, subject, occurred_at,
                             payload)
  SELECT s.chain_id, gen_random_uuid(), s.branch_id, $4, 'cart.maintenance', s.id::text, now(),
         s.payload
    FROM stranded s)sql"};

constexpr pg::Query kHear{"told_command", STAFF_UNLOCK_SETTLED " SELECT " RENTAL_COLUMNS R"sql(
    FROM rental.rentals r WHERE r.chain_id = $1 AND r.id = $2 AND r.status = 'UNCONFIRMED')sql"};

constexpr pg::Query kPresence{"told_presence", R"sql(
  WITH put AS (
    INSERT INTO rental.devices AS p (chain_id, device_id, branch_id, online, changed_at)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (chain_id, device_id) DO UPDATE
       SET online = excluded.online, changed_at = excluded.changed_at
     WHERE p.changed_at <= excluded.changed_at
    RETURNING chain_id, device_id, online, changed_at
  ), boards AS (
    UPDATE rental.controllers k SET online = put.online
      FROM put WHERE k.chain_id = put.chain_id AND k.device_id = put.device_id
       AND k.online <> put.online AND (k.reached OR NOT put.online)
  ), ended AS (
    UPDATE rental.offline_spans s SET ended_at = greatest(put.changed_at, s.started_at)
      FROM put WHERE put.online AND s.chain_id = put.chain_id AND s.device_id = put.device_id
       AND s.ended_at IS NULL
  )
  INSERT INTO rental.offline_spans (chain_id, device_id, started_at)
  SELECT chain_id, device_id, changed_at FROM put WHERE NOT online
  ON CONFLICT DO NOTHING)sql"};

}  // namespace sql

template <typename... Args>
absl::StatusOr<pg::Rows> PgFacts::Run(const ChainId& chain, const pg::Query& query,
                                      const Args&... args) {
  return pool_.Once(pg::Tenant::Of(chain), absl::Now() + kOwnTime, query, args...);
}

absl::Status PgFacts::Put(const ChainTold& told) {
  return Run(told.chain, sql::kChain, told.chain, told.active, told.at).status();
}

absl::Status PgFacts::Put(const BranchTold& told) {
  return Run(told.chain, sql::kBranch, told.chain, told.branch, told.active, told.deleted,
             absl::ToDoubleSeconds(told.rental_term), told.time_zone, told.at)
      .status();
}

absl::Status PgFacts::Put(const ControllerTold& told) {
  return Run(told.chain, sql::kController, told.chain, told.controller, told.branch, told.device,
             told.has_ir, told.online, told.reached, told.deleted, told.at)
      .status();
}

absl::Status PgFacts::Put(const PresenceTold& told) {
  return Run(told.chain, sql::kPresence, told.chain, told.device, told.branch, told.online, told.at)
      .status();
}

absl::StatusOr<std::optional<Rental>> PgFacts::Hear(const CommandTold& told) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, Run(told.chain, sql::kHear, told.chain, told.command,
                                               Name(told.outcome.state), told.outcome.reason));
  if (rows.empty()) return std::nullopt;
  return ReadRental(rows.front());
}

}  // namespace cartwise::rental
