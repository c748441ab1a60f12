#include "cartwise/base/audit.hpp"
#include "cartwise/base/refusals.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/outbox/outbox.hpp"
#include "storage/pg_store.hpp"
#include "storage/staff_unlock_sql.hpp"

namespace cartwise::rental {

absl::StatusOr<std::optional<EarlierUnlock>> PgStore::InsertStaffUnlock(const Caller& caller,
                                                                        const Cart& cart,
                                                                        const UnlockOrder& order,
                                                                        absl::Time now) {
  CW_ASSIGN_OR_RETURN(
      const pg::Rows rows,
      tx_.Run(sql::kInsertStaffUnlock, order.chain, order.command, cart.branch, cart.id,
              order.controller, order.lock, order.device, order.requested_by, order.purpose, now,
              NewUuid(), order.trace_id, outbox::AuditColumn(AuditOf(caller, order.purpose))));
  if (rows.empty()) return std::nullopt;
  // The command's id comes from the Idempotency-Key: the same id for something else.
  const pg::Row there = rows.front();
  if (there.As<CartId>("cart_id") != cart.id || there.Text("reason") != order.purpose) {
    return errors::IdempotencyKeyReused();
  }
  return EarlierUnlock{{CommandStateFromName(there.Text("state")), there.Text("outcome")},
                       there.Time("requested_at")};
}

absl::Status PgStore::SettleStaffUnlock(const ChainId& chain, const CommandId& command,
                                        const CommandOutcome& outcome) {
  return tx_.Run(sql::kSettleStaffUnlock, chain, command, Name(outcome.state), outcome.reason)
      .status();
}

}  // namespace cartwise::rental
