#pragma once

#include "cartwise/pg/query.hpp"
#include "storage/rows.hpp"

/// The statements of PgRack.
namespace cartwise::rental::sql {

// The branch that is $1.
#define RENTAL_BRANCH                                                                 \
  "SELECT b.chain_id, b.active AND coalesce(c.active, true) AS active, b.rental_term" \
  "  FROM rental.branches b LEFT JOIN rental.chains c ON c.chain_id = b.chain_id"     \
  " WHERE b.branch_id = $1::uuid AND NOT b.deleted"

// The carts of the branch that stand free, whether or not their locks can be reached now. That
// staff are opening one stands in its row: whoever waited for that sees it.
#define FROM_FREE_CARTS(now)                                                                     \
  "FROM rental.carts c"                                                                          \
  "  JOIN rental.controllers k ON k.chain_id = c.chain_id AND k.controller_id = c.controller_id" \
  " WHERE c.chain_id = (SELECT chain_id FROM branch) AND c.branch_id = $1::uuid"                 \
  "   AND c.status = 'AVAILABLE' AND c.is_locked AND c.deleted_at IS NULL"                       \
  "   AND (c.staff_until IS NULL OR c.staff_until <= " now "::timestamptz)"

// Everything that must hold before a lock is pulsed, and everything that is
// written with it, in one round trip. A part that finds nothing starves the
// parts that read from it, so a refusal writes nothing.
//
// Open rentals have the hash of one key alone, which the database names: of the
// hashes that come, that one is written, whatever key the writer holds for newest.
// Who waited for its change finds the new one: PostgreSQL takes a prepared statement's
// locks before its snapshot.
//
// $1 branch, $2 phone hashes, $3 rental id, $4 sealed phone, $5 masked phone,
// $6 notes, $7 requested by, $8 key or NULL, $9 request hash, $10 now,
// $11 event id, $12 trace id, $13 attempt, $14 audit.
inline constexpr pg::Query kTake{"rental_take", R"sql(
  WITH branch AS (
)sql" RENTAL_BRANCH R"sql(
  ), prior AS (
    SELECT k.effect_id, k.request_hash FROM rental.idempotency_keys k
     WHERE $8::text IS NOT NULL AND k.chain_id = (SELECT chain_id FROM branch)
       AND k.principal = $7 AND k.method = )sql" ASSIGN_METHOD R"sql( AND k.key = $8
  ), guard AS MATERIALIZED (
    SELECT l.tag FROM rental.look_up_keys l WHERE l.guards
  ), phone AS (
    SELECT h AS hash FROM guard, unnest($2::text[]) h WHERE left(h, -64) = guard.tag
  ), held AS (
    SELECT 1 FROM rental.rentals r
     WHERE r.chain_id = (SELECT chain_id FROM branch) AND r.phone_hash = (SELECT hash FROM phone)
       AND r.open
  ), free AS (
    -- SKIP LOCKED: two shoppers at once take different carts instead of
    -- queueing for one.
    SELECT c.chain_id, c.id, c.cart_number, c.controller_id, c.locker_id, k.device_id
      )sql" FROM_FREE_CARTS("$10") R"sql(
       AND k.online AND NOT k.deleted
       AND (SELECT active FROM branch)
       AND EXISTS (SELECT FROM phone)
       AND NOT EXISTS (SELECT FROM prior) AND NOT EXISTS (SELECT FROM held)
     ORDER BY c.rests_since NULLS FIRST
     LIMIT 1 FOR UPDATE OF c SKIP LOCKED
  ), taken AS (
    INSERT INTO rental.rentals AS r (chain_id, id, branch_id, cart_id, cart_number, controller_id,
        locker_id, device_id, phone_hash, phone_sealed, phone_masked, status, attempt, start_time,
        expected_return, notes, requested_by, request_key, created_at, updated_at)
    SELECT f.chain_id, $3::uuid, $1::uuid, f.id, f.cart_number, f.controller_id, f.locker_id,
        f.device_id, (SELECT hash FROM phone), $4::bytea, $5, 'OPENING', $13::integer, $10::timestamptz,
        $10::timestamptz + (SELECT rental_term FROM branch), $6, $7, $8::text, $10, $10
      FROM free f
    ON CONFLICT DO NOTHING
    RETURNING r.chain_id, r.id, r.branch_id, r.cart_id, r.cart_number, r.controller_id,
        r.locker_id, r.device_id, r.start_time, r.expected_return,
        rental.rental_payload(r) AS payload
  ), cart AS (
    UPDATE rental.carts c SET status = 'IN_USE', last_used = $10, updated_at = $10
     WHERE (c.chain_id, c.id) = (SELECT t.chain_id, t.cart_id FROM taken t)
  ), key AS (
    -- No ON CONFLICT: a twin that was quicker undoes this whole statement.
    INSERT INTO rental.idempotency_keys (chain_id, principal, method, key, request_hash, effect_id)
    SELECT t.chain_id, $7, )sql" ASSIGN_METHOD R"sql(, $8, $9, t.id
      FROM taken t WHERE $8::text IS NOT NULL
  ), announced AS (
    INSERT INTO rental.outbox (chain_id, event_id, branch_id, device_id, type, subject,
                               occurred_at, payload, trace_id, audit)
    SELECT t.chain_id, $11::uuid, t.branch_id, t.device_id, 'rental.opening', t.id, $10, t.payload,
           $12, $14::jsonb
      FROM taken t
  )
  SELECT CASE WHEN t.id IS NOT NULL THEN 'TAKEN' WHEN p.effect_id IS NOT NULL THEN 'SEEN_BEFORE'
              ELSE '' END AS outcome,
      p.request_hash, t.chain_id, t.cart_id, t.cart_number, t.controller_id, t.locker_id,
      t.device_id, t.start_time, t.expected_return
    FROM (SELECT 1) one LEFT JOIN taken t ON true LEFT JOIN prior p ON true)sql"};

// What stands in the way of a taking that found nothing; RACED when nothing does any more.
// $1 branch, $2 phone hashes, $3 now.
inline constexpr pg::Query kWhyNot{"rental_why_not", R"sql(
  WITH branch AS (
)sql" RENTAL_BRANCH R"sql(
  ), phone AS (
    SELECT h AS hash FROM unnest($2::text[]) h
     WHERE left(h, -64) = (SELECT l.tag FROM rental.look_up_keys l WHERE l.guards)
  ), carts AS (
    SELECT bool_or(k.online AND NOT k.deleted) AS reachable )sql" FROM_FREE_CARTS("$3") R"sql(
  )
  SELECT CASE
      WHEN NOT EXISTS (SELECT FROM phone) THEN 'LOOK_UP_KEY_MISSING'
      WHEN NOT EXISTS (SELECT FROM branch) THEN 'BRANCH_NOT_FOUND'
      WHEN NOT (SELECT active FROM branch) THEN 'BRANCH_INACTIVE'
      WHEN EXISTS (SELECT FROM rental.rentals r
                    WHERE r.chain_id = (SELECT chain_id FROM branch)
                      AND r.phone_hash = (SELECT hash FROM phone) AND r.open)
        THEN 'SHOPPER_HAS_RENTAL'
      WHEN reachable THEN 'RACED'
      WHEN NOT reachable THEN 'DEVICE_OFFLINE'
      ELSE 'NO_FREE_CART' END AS outcome
    FROM carts)sql"};

// Returns when whoever is taking the cart that comes next has it, or has given it back.
// $1 branch, $2 now.
inline constexpr pg::Query kAwaitRival{"rental_await_rival", R"sql(
  WITH branch AS (
)sql" RENTAL_BRANCH R"sql(
  )
  SELECT c.id )sql" FROM_FREE_CARTS("$2") R"sql(
     AND k.online AND NOT k.deleted
   ORDER BY c.rests_since NULLS FIRST LIMIT 1 FOR SHARE OF c)sql"};

// $1 branch, $2 requested by, $3 key.
inline constexpr pg::Query kEarlier{"rental_earlier",
                                    "SELECT i.request_hash, " RENTAL_COLUMNS R"sql(
    FROM rental.branches b
    JOIN rental.idempotency_keys i ON i.chain_id = b.chain_id AND i.principal = $2
     AND i.method = )sql" ASSIGN_METHOD R"sql( AND i.key = $3
    JOIN rental.rentals r ON r.chain_id = i.chain_id AND r.id = i.effect_id
   WHERE b.branch_id = $1::uuid)sql"};

inline constexpr pg::Query kFindRental{
    "rental_find", "SELECT " RENTAL_COLUMNS
                   " FROM rental.rentals r WHERE r.chain_id = $1::uuid AND r.id = $2::uuid"};

// What became of an opening is in the audit log under who had asked for it,
// whoever finds it out. $1 chain, $2 rental, $3 opened at, $4 event id, $5 trace id, $6 audit.
inline constexpr pg::Query kActivate{"rental_activate", R"sql(
  WITH moved AS (
    UPDATE rental.rentals r SET status = 'ACTIVE', opened_at = $3::timestamptz, updated_at = $3
     WHERE r.chain_id = $1::uuid AND r.id = $2::uuid AND r.status IN ('OPENING', 'UNCONFIRMED')
    RETURNING r.chain_id, r.id, r.branch_id, r.device_id, r.cart_id, r.requested_by,
              rental.rental_payload(r) AS payload
  ), cart AS (
    UPDATE rental.carts c SET is_locked = false, updated_at = $3
     WHERE (c.chain_id, c.id) = (SELECT m.chain_id, m.cart_id FROM moved m)
  ), announced AS (
    INSERT INTO rental.outbox (chain_id, event_id, branch_id, device_id, type, subject,
                               occurred_at, payload, trace_id, audit)
    SELECT m.chain_id, $4::uuid, m.branch_id, m.device_id, 'rental.active', m.id, $3, m.payload,
           $5, $6::jsonb || jsonb_build_object('actor', m.requested_by)
      FROM moved m
  )
  SELECT id FROM moved)sql"};

// $1 chain, $2 rental, $3 event id, $4 trace id, $5 audit.
inline constexpr pg::Query kDoubt{"rental_doubt", R"sql(
  WITH moved AS (
    UPDATE rental.rentals r SET status = 'UNCONFIRMED', updated_at = now()
     WHERE r.chain_id = $1::uuid AND r.id = $2::uuid AND r.status = 'OPENING'
    RETURNING r.chain_id, r.id, r.branch_id, r.device_id, r.requested_by,
              rental.rental_payload(r) AS payload
  ), announced AS (
    INSERT INTO rental.outbox (chain_id, event_id, branch_id, device_id, type, subject,
                               occurred_at, payload, trace_id, audit)
    SELECT m.chain_id, $3::uuid, m.branch_id, m.device_id, 'rental.unconfirmed', m.id, now(),
           m.payload, $4, $5::jsonb || jsonb_build_object('actor', m.requested_by)
      FROM moved m
  )
  SELECT id FROM moved)sql"};

// Nothing was opened: as if the request had never been made.
// $1 chain, $2 rental, $3 end reason, $4 event id, $5 trace id, $6 audit.
inline constexpr pg::Query kCancel{"rental_cancel", R"sql(
  WITH moved AS (
    UPDATE rental.rentals r SET status = 'CANCELLED', end_reason = $3, ended_by = 'rental-svc',
           updated_at = now()
     WHERE r.chain_id = $1::uuid AND r.id = $2::uuid AND r.status IN ('OPENING', 'UNCONFIRMED')
    RETURNING r.chain_id, r.id, r.branch_id, r.device_id, r.cart_id, r.requested_by,
              r.request_key, rental.rental_payload(r) AS payload
  ), cart AS (
    -- The next request tries another one first.
    UPDATE rental.carts c SET status = 'AVAILABLE', rests_since = now(), updated_at = now()
     WHERE (c.chain_id, c.id) = (SELECT m.chain_id, m.cart_id FROM moved m)
       AND c.status = 'IN_USE'
  ), key AS (
    DELETE FROM rental.idempotency_keys i
     WHERE (i.chain_id, i.principal, i.method, i.key, i.effect_id) =
           (SELECT m.chain_id, m.requested_by, )sql" ASSIGN_METHOD R"sql(, m.request_key, m.id
              FROM moved m)
  ), announced AS (
    INSERT INTO rental.outbox (chain_id, event_id, branch_id, device_id, type, subject,
                               occurred_at, payload, trace_id, audit)
    SELECT m.chain_id, $4::uuid, m.branch_id, m.device_id, 'rental.cancelled', m.id, now(),
           m.payload, $5,
           $6::jsonb || jsonb_build_object('actor', m.requested_by, 'reason', $3::text)
      FROM moved m
  )
  SELECT id FROM moved)sql"};

// $1 chain, $2 rental, $3 end reason, $4 cart note, $5 cart event type, $6 event id,
// $7 second event id, $8 trace id, $9 hook reads closed, $10 audit.
inline constexpr pg::Query kJam{"rental_jam", R"sql(
  WITH moved AS (
    UPDATE rental.rentals r SET status = 'NOT_OPENED', end_reason = $3, ended_by = 'rental-svc',
           updated_at = now()
     WHERE r.chain_id = $1::uuid AND r.id = $2::uuid AND r.status IN ('OPENING', 'UNCONFIRMED')
    RETURNING r.chain_id, r.id, r.branch_id, r.device_id, r.cart_id, r.requested_by,
              rental.rental_payload(r) AS payload
  ), cart AS (
    UPDATE rental.carts c SET status = 'MAINTENANCE', is_locked = $9::boolean,
           maintenance_notes = right(concat_ws(E'\n', nullif(c.maintenance_notes, ''), $4::text), 1000),
           updated_at = now()
      FROM moved m WHERE c.chain_id = m.chain_id AND c.id = m.cart_id
    RETURNING c.chain_id, c.id, m.branch_id, m.device_id, m.id AS rental_id,
              rental.cart_payload(c) AS payload
  ), announced AS (
    INSERT INTO rental.outbox (chain_id, event_id, branch_id, device_id, type, subject,
                               occurred_at, payload, trace_id, audit)
    SELECT m.chain_id, $6::uuid, m.branch_id, m.device_id, 'rental.not_opened', m.id, now(),
           m.payload, $8,
           $10::jsonb || jsonb_build_object('actor', m.requested_by, 'reason', $3::text)
      FROM moved m
    UNION ALL
    SELECT c.chain_id, $7::uuid, c.branch_id, c.device_id, $5, c.id, now(),
           c.payload || jsonb_build_object('cart_id', c.id, 'lock', c.payload->'locker_id',
                                           'rental_id', c.rental_id), $8,
           CASE $5 WHEN 'cart.forced_open' THEN )sql" AUDIT_NOBODY("$4::text") R"sql( END
      FROM cart c
  )
  SELECT id FROM moved)sql"};

// The key follows the request to its next cart. $1 chain, $2 requested by, $3 key, $4 rental.
inline constexpr pg::Query kMoveKey{"rental_move_key", R"sql(
  WITH key AS (
    UPDATE rental.idempotency_keys SET effect_id = $4::uuid
     WHERE chain_id = $1::uuid AND principal = $2 AND method = )sql" ASSIGN_METHOD
                                                       R"sql( AND key = $3
    RETURNING key
  )
  UPDATE rental.rentals r SET request_key = key.key FROM key
   WHERE r.chain_id = $1::uuid AND r.id = $4::uuid)sql"};

}  // namespace cartwise::rental::sql
