#pragma once

#include "cartwise/pg/query.hpp"
#include "storage/rows.hpp"
#include "storage/staff_unlock_sql.hpp"

/// The statements of PgFacts about locks.
namespace cartwise::rental::sql {

// A device speaks of its own boards only. A staff opening that was never proven
// explains an open hook for a minute.
//
// $1 chain, $2 controller, $3 first lock, $4 event, $5 command or NULL, $6 device,
// $7 occurred at, $8 last lock.
inline constexpr pg::Query kLook{
    "lock_look", R"sql(
  SELECT c.id AS cart, c.branch_id AS cart_branch, c.cart_number AS number, c.locker_id AS lock,
         c.status AS cart_status, c.is_locked, k.has_ir, r.id IS NOT NULL AS rented,
         EXISTS (SELECT FROM rental.seen_events s WHERE s.chain_id = $1 AND s.event_id = $4::uuid)
           AS seen,
         (SELECT u.command_id FROM rental.staff_unlocks u
           WHERE u.chain_id = $1 AND u.cart_id = c.id AND u.closed_at IS NULL
             AND u.state IN ('SENT', 'SUCCEEDED', 'UNKNOWN')
             AND (u.state = 'SUCCEEDED' OR u.command_id = $5::uuid
                  OR u.requested_at > now() - )sql" STAFF_HAVE_IT_FOR R"sql()
           ORDER BY u.requested_at DESC LIMIT 1) AS staff_unlock,
         (SELECT e.opened_at IS NOT NULL FROM rental.rentals e
           WHERE e.chain_id = $1 AND e.id = $5::uuid AND NOT e.open) AS ended_rental_opened,
         extract(epoch FROM )sql" OFFLINE_CREDIT(
                     "$7::timestamptz") R"sql() AS offline_seconds, )sql" RENTAL_COLUMNS
                                        R"sql(
    FROM rental.carts c
    JOIN rental.controllers k ON k.chain_id = c.chain_id AND k.controller_id = c.controller_id
    -- The limit keeps the planner to one look by index per cart: a join it may turn
    -- into a reading of all open rentals of the chain.
    LEFT JOIN LATERAL (SELECT o.* FROM rental.rentals o
                        WHERE o.chain_id = c.chain_id AND o.cart_id = c.id AND o.open
                        LIMIT 1) r ON true
   WHERE c.chain_id = $1 AND c.controller_id = $2 AND k.device_id = $6::uuid
     AND c.deleted_at IS NULL
     AND c.locker_id BETWEEN $3 AND $8)sql"};

inline constexpr pg::Query kMarkSeen{"event_mark_seen",
                                     "INSERT INTO rental.seen_events (chain_id, event_id) "
                                     "VALUES ($1, $2) ON CONFLICT DO NOTHING"};

// One statement for every verdict. `held` is the guard: the rental (or, when
// there is none, the cart) still has the status that the verdict was based on.
// Nothing is written without it, the event's mark included, so a lost race can
// be judged again.
//
// $1 chain, $2 cart, $3 rental or NULL, $4 its status, $5 LEAVE, ACTIVATE or
// END, $6 end status, $7 end reason, $8 ended by, $9 at, $10 journal number and
// $11 device time of an opening by a clock that is off, $12 cart status or
// NULL, $13 is_locked or NULL, $14 note, $15 cart event or '', $16 staff unlock
// that closes, with those before it, or NULL, $17 event, $18 and $19 ids of new events, $20 device,
// $21 controller, $22 lock, $23 rule or NULL, $24 decision, $25 cloud said,
// $26 lock said, $27 occurred at, $28 id of the record, $29 the cart's status.
inline constexpr pg::Query kApply{"lock_apply", R"sql(
  WITH held AS (
    SELECT r.id FROM rental.rentals r
     WHERE r.chain_id = $1 AND r.id = $3::uuid AND r.status = $4 FOR UPDATE
  ), unrented AS (
    SELECT c.id FROM rental.carts c
     WHERE $3::uuid IS NULL AND c.chain_id = $1 AND c.id = $2 AND c.status = $29 FOR UPDATE
  ), fresh AS (
    INSERT INTO rental.seen_events (chain_id, event_id)
    SELECT $1::uuid, $17::uuid WHERE EXISTS (SELECT FROM held) OR EXISTS (SELECT FROM unrented)
    ON CONFLICT DO NOTHING RETURNING event_id
  ), moved AS (
    UPDATE rental.rentals r
       SET status = CASE $5 WHEN 'ACTIVATE' THEN 'ACTIVE' WHEN 'END' THEN $6 ELSE r.status END,
           -- What came back had opened, also where nobody saw it.
           opened_at = CASE $5 WHEN 'LEAVE' THEN r.opened_at
                               ELSE coalesce(r.opened_at, $9::timestamptz) END,
           opened_sequence = coalesce(r.opened_sequence, $10::bigint),
           opened_device_time = coalesce(r.opened_device_time, $11::timestamptz),
           actual_return = CASE $5 WHEN 'END' THEN $9::timestamptz END,
           end_reason = CASE $5 WHEN 'END' THEN $7 ELSE '' END,
           ended_by = CASE $5 WHEN 'END' THEN $8 ELSE '' END, updated_at = now()
     WHERE r.chain_id = $1 AND r.id = $3::uuid AND EXISTS (SELECT FROM held)
       AND EXISTS (SELECT FROM fresh) AND ($5 <> 'LEAVE' OR $10::bigint IS NOT NULL)
    RETURNING r.chain_id, r.id, r.branch_id, r.device_id, r.status, r.requested_by, r.request_key,
              rental.rental_payload(r) AS payload
  ), key AS (
    -- Nothing was opened: as if the request had never been made.
    DELETE FROM rental.idempotency_keys i
     WHERE (i.chain_id, i.principal, i.method, i.key, i.effect_id) =
           (SELECT m.chain_id, m.requested_by, )sql" ASSIGN_METHOD R"sql(, m.request_key, m.id
              FROM moved m WHERE m.status = 'CANCELLED')
  ), cart AS (
    UPDATE rental.carts c
       SET status = coalesce($12, c.status), is_locked = coalesce($13::boolean, c.is_locked),
           staff_until = CASE WHEN $16::uuid IS NULL
                                OR c.staff_until > $27::timestamptz + )sql" STAFF_HAVE_IT_FOR R"sql(
                              THEN c.staff_until END,
           rests_since = CASE WHEN $12 = 'AVAILABLE' THEN coalesce($9::timestamptz, now())
                              ELSE c.rests_since END,
           maintenance_notes = CASE WHEN $14 = '' THEN c.maintenance_notes ELSE
             right(concat_ws(E'\n', nullif(c.maintenance_notes, ''), $14), 1000) END,
           updated_at = now()
      FROM fresh WHERE c.chain_id = $1 AND c.id = $2
    RETURNING c.id, c.branch_id, rental.cart_payload(c) AS payload
  ), staff AS (
    UPDATE rental.staff_unlocks u SET closed_at = $27::timestamptz
      FROM fresh WHERE $16::uuid IS NOT NULL AND u.chain_id = $1 AND u.cart_id = $2
       AND u.requested_at <= $27::timestamptz AND u.closed_at IS NULL
       AND u.state IN ('SENT', 'SUCCEEDED', 'UNKNOWN')
  ), recorded AS (
    INSERT INTO rental.reconcile_decisions (chain_id, id, event_id, branch_id, device_id,
           controller_id, locker_id, cart_id, rental_id, cloud_said, lock_said, rule, decision,
           occurred_at)
    SELECT $1, $28::uuid, $17::uuid, cart.branch_id, $20::uuid, $21::uuid, $22::integer, $2::uuid,
           $3::uuid, $25, $26, $23, $24, $27::timestamptz
      FROM cart WHERE $23::text IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING branch_id, device_id, jsonb_build_object('id', id, 'rule', rule,
              'decision', decision, 'cloud_said', cloud_said, 'lock_said', lock_said,
              'cart_id', cart_id, 'rental_id', rental_id, 'controller_id', controller_id,
              'lock', locker_id) AS payload
  ), announced AS (
    INSERT INTO rental.outbox (chain_id, event_id, branch_id, device_id, type, subject,
                               occurred_at, payload, audit)
    SELECT m.chain_id, $18::uuid, m.branch_id, m.device_id,
           CASE m.status WHEN 'ACTIVE' THEN 'rental.active' WHEN 'NOT_TAKEN' THEN 'rental.not_taken'
                         WHEN 'CANCELLED' THEN 'rental.cancelled' ELSE 'rental.returned' END,
           m.id::text, now(), m.payload,
           -- An opening, or that there was none; a return is the hook's own doing.
           CASE WHEN m.status IN ('ACTIVE', 'CANCELLED')
             THEN jsonb_build_object('actor', m.requested_by, 'role', '', 'address', '', 'reason',
                                     CASE $5 WHEN 'END' THEN $7 ELSE '' END) END
      FROM moved m WHERE $5 <> 'LEAVE'
    UNION ALL
    SELECT $1, $19::uuid, cart.branch_id, $20::uuid, $15, cart.id::text, $27::timestamptz,
           cart.payload || jsonb_build_object('cart_id', cart.id, 'lock', $22::integer),
           CASE $15 WHEN 'cart.forced_open' THEN )sql" AUDIT_NOBODY("$14::text") R"sql( END
      FROM cart WHERE $15 <> ''
    UNION ALL
    SELECT $1, $28::uuid, d.branch_id, d.device_id, 'rental.reconciled', $2::text, now(), d.payload,
           NULL::jsonb
      FROM recorded d
  )
  SELECT EXISTS (SELECT FROM fresh) AS fresh,
         EXISTS (SELECT FROM rental.seen_events s WHERE s.chain_id = $1 AND s.event_id = $17::uuid)
           AS seen)sql"};

}  // namespace cartwise::rental::sql
