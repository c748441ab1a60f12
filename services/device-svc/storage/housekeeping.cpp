#include "storage/housekeeping.hpp"

#include "cartwise/pg/deletes.hpp"

namespace cartwise::device {
namespace {

constexpr absl::Duration kAnswersKept = absl::Hours(24);
constexpr absl::Duration kCommandsKept = absl::Hours(24 * 90);

constexpr pg::Query kDeleteAnswers{
    "device_drop_old_answers", CARTWISE_DELETE_SOME("device.idempotency_keys", "created_at < $1")};

// Device by device, as their lists are indexed; the inner limit keeps the planner to that. What
// nobody knows the end of stays.
constexpr pg::Query kDeleteCommands{"device_drop_old_commands", R"sql(
  DELETE FROM device.commands WHERE ctid = ANY (ARRAY(
    SELECT old.ctid FROM device.devices d, LATERAL (
      SELECT c.ctid FROM device.commands c
       WHERE c.chain_id = d.chain_id AND c.device_id = d.device_id AND c.issued_at < $1
         AND c.state <> 'SENT' AND c.state <> 'UNKNOWN'
       LIMIT 50000) old
     LIMIT 50000)))sql"};

// What was looked up and had never been accepted is of no device.
constexpr pg::Query kDeleteNeverAccepted{"device_drop_old_never_accepted", R"sql(
  DELETE FROM device.commands WHERE ctid = ANY (ARRAY(
    SELECT old.ctid FROM (SELECT DISTINCT chain_id FROM device.devices) d, LATERAL (
      SELECT c.ctid FROM device.commands c
       WHERE c.chain_id = d.chain_id AND c.device_id IS NULL AND c.issued_at < $1
         AND c.state <> 'SENT'
       LIMIT 50000) old
     LIMIT 50000)))sql"};

}  // namespace

absl::Status Tidy(pg::Pool& pool, absl::Time now) {
  const pg::Step deletes[] = {{kDeleteAnswers, {now - kAnswersKept}},
                              {kDeleteCommands, {now - kCommandsKept}},
                              {kDeleteNeverAccepted, {now - kCommandsKept}}};
  return pg::DeleteOld(pool, deletes);
}

}  // namespace cartwise::device
