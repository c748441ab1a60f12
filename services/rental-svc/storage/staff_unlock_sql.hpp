#pragma once

#include "cartwise/pg/query.hpp"

// For how long a cart whose opening nobody knows the end of is given to nobody.
#define STAFF_HAVE_IT_FOR "interval '1 minute'"

// UNKNOWN may be settled later; what is known stays. Each outcome is announced,
// with who had asked, for the audit log. Shoppers may have the cart again, unless another opening
// of it goes on. A proven opening is followed by the hook's own word, which is why is_locked is
// not touched when the hook has closed again meanwhile.
// $1 chain, $2 command, $3 state, $4 outcome.
#define STAFF_UNLOCK_SETTLED                                                                   \
  "WITH settled AS ("                                                                          \
  " UPDATE rental.staff_unlocks SET state = $3, outcome = $4, settled_at = now()"              \
  " WHERE chain_id = $1 AND command_id = $2 AND state IN ('SENT', 'UNKNOWN')"                  \
  " AND state <> $3 AND $3 <> 'SENT'"                                                          \
  " RETURNING chain_id, branch_id, cart_id, device_id, locker_id, command_id, requested_by,"   \
  " state, outcome, closed_at"                                                                 \
  "), cart AS ("                                                                               \
  " UPDATE rental.carts c SET updated_at = now(),"                                             \
  " is_locked = c.is_locked AND NOT (s.state = 'SUCCEEDED' AND s.closed_at IS NULL),"          \
  " staff_until = (SELECT max(u.requested_at) + " STAFF_HAVE_IT_FOR                            \
  " FROM rental.staff_unlocks u WHERE u.chain_id = s.chain_id AND u.cart_id = s.cart_id"       \
  " AND u.closed_at IS NULL AND u.state IN ('SENT', 'UNKNOWN')"                                \
  " AND (u.command_id <> s.command_id OR s.state = 'UNKNOWN'))"                                \
  " FROM settled s WHERE c.chain_id = s.chain_id AND c.id = s.cart_id"                         \
  "), told AS ("                                                                               \
  " INSERT INTO rental.outbox (chain_id, event_id, branch_id, device_id, type, subject,"       \
  " occurred_at, payload, audit)"                                                              \
  " SELECT s.chain_id, gen_random_uuid(), s.branch_id, s.device_id, CASE s.state"              \
  " WHEN 'SUCCEEDED' THEN 'cart.unlocked' WHEN 'UNKNOWN' THEN 'cart.unlock_unconfirmed'"       \
  " ELSE 'cart.not_unlocked' END, s.cart_id::text, now(), jsonb_build_object('cart_id', "      \
  "s.cart_id,"                                                                                 \
  " 'lock', s.locker_id, 'command_id', s.command_id, 'requested_by', s.requested_by, 'state'," \
  " s.state, 'reason', s.outcome), jsonb_build_object('actor', s.requested_by, 'role', '',"    \
  " 'reason', s.outcome, 'address', '') FROM settled s)"

namespace cartwise::rental::sql {

// Announced with the reason, for the audit log, before anything opens. A repeat of the same
// command finds what is there and writes nothing, unless that came to nothing: it is tried anew.
// $1 chain, $2 command, $3 branch, $4 cart, $5 controller, $6 lock, $7 device, $8 requested by,
// $9 reason, $10 now, $11 event id, $12 trace id, $13 audit.
inline constexpr pg::Query kInsertStaffUnlock{"staff_unlock_insert", R"sql(
  WITH written AS (
    INSERT INTO rental.staff_unlocks AS u (chain_id, command_id, branch_id, cart_id,
           controller_id, locker_id, device_id, requested_by, reason, requested_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (chain_id, command_id) DO UPDATE
       SET state = 'SENT', outcome = '', requested_at = excluded.requested_at, settled_at = NULL
     WHERE u.state IN ('DROPPED', 'REJECTED') AND u.cart_id = excluded.cart_id
       AND u.reason = excluded.reason
    RETURNING u.chain_id, u.branch_id, u.cart_id, u.device_id,
              jsonb_build_object('cart_id', u.cart_id, 'controller_id', u.controller_id, 'lock',
                u.locker_id, 'command_id', u.command_id, 'requested_by', u.requested_by,
                'reason', u.reason) AS payload
  ), cart AS (
    UPDATE rental.carts c SET staff_until = $10::timestamptz + )sql" STAFF_HAVE_IT_FOR R"sql(
      FROM written w WHERE c.chain_id = w.chain_id AND c.id = w.cart_id
  ), announced AS (
    INSERT INTO rental.outbox (chain_id, event_id, branch_id, device_id, type, subject,
                               occurred_at, payload, trace_id, audit)
    SELECT w.chain_id, $11::uuid, w.branch_id, w.device_id, 'cart.unlock_requested',
           w.cart_id::text, $10::timestamptz, w.payload, $12, $13::jsonb
      FROM written w
  )
  SELECT cart_id, reason, state, outcome, requested_at FROM rental.staff_unlocks
   WHERE chain_id = $1 AND command_id = $2 AND NOT EXISTS (SELECT FROM written))sql"};

inline constexpr pg::Query kSettleStaffUnlock{
    "staff_unlock_settle", STAFF_UNLOCK_SETTLED " SELECT command_id FROM settled"};

}  // namespace cartwise::rental::sql
