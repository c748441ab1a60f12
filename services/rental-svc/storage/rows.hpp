#pragma once

#include "cartwise/pg/rows.hpp"
#include "domain/rental.hpp"

// What ReadRental and ReadCart need, as literals so that statements stay
// constants. `r` is the rental, `c` the cart, `k` its controller.
#define RENTAL_COLUMNS                                                                     \
  "r.chain_id, r.id, r.branch_id, r.cart_id, r.cart_number, r.controller_id, r.locker_id," \
  " r.device_id, r.phone_masked, r.phone_sealed, r.status, r.attempt, r.start_time,"       \
  " r.expected_return, r.opened_at, r.opened_sequence, r.opened_device_time,"              \
  " r.actual_return, r.notes, r.end_reason, r.ended_by, r.created_at, r.updated_at"

#define CART_COLUMNS                                                                      \
  "c.chain_id, c.id, c.branch_id, c.controller_id, c.cart_number, c.locker_id, c.status," \
  " c.is_locked, c.last_used, c.maintenance_notes, c.created_at, c.updated_at,"           \
  " k.online AND NOT k.deleted AS online"

// The rentals of a phone: what has ended is in an index of phones, what is open in another;
// `rest` holds for each of the two.
#define RENTALS_OF_PHONE(chain, hash, rest)                                                  \
  "((SELECT e.* FROM rental.rentals e WHERE e.chain_id = " chain " AND e.phone_hash = " hash \
  " AND NOT e.open " rest                                                                    \
  ") UNION ALL (SELECT e.* FROM rental.rentals e WHERE e.chain_id = " chain                  \
  " AND e.phone_hash = " hash " AND e.open " rest "))"

// Time the device of rental `r` was away from the start of `r` until then.
#define OFFLINE_CREDIT(until)                                                              \
  "(SELECT coalesce(sum(least(coalesce(s.ended_at, " until "), " until                     \
  ") - greatest(s.started_at, r.start_time)), interval '0') FROM rental.offline_spans s"   \
  " WHERE s.chain_id = r.chain_id AND s.device_id = r.device_id AND s.started_at < " until \
  " AND coalesce(s.ended_at, " until ") > r.start_time)"

// For what walks open rentals and names neither cart nor phone: without the second half no
// index of theirs would serve it (migration 0006).
#define RENTAL_IS_OPEN "open AND r.cart_id IS NOT NULL"

// The audit part of what nobody asked for.
#define AUDIT_NOBODY(reason) \
  "jsonb_build_object('actor', 'nobody', 'role', '', 'address', '', 'reason', " reason ")"

// Whose Idempotency-Keys a rental's are. Known here and not taken from the call,
// so that the recovery finds them too.
#define ASSIGN_METHOD "'cartwise.rental.v1.RentalService.AssignCart'"

namespace cartwise::rental {

Rental ReadRental(const pg::Row& row);
Cart ReadCart(const pg::Row& row);

}  // namespace cartwise::rental
