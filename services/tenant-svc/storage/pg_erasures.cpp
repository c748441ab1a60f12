#include "storage/pg_erasures.hpp"

#include "cartwise/base/status_macros.hpp"
#include "storage/columns.hpp"

namespace cartwise::tenant {
namespace {

#define ERASURE_COLUMNS                                                                      \
  "e.chain_id, e.erasure_id, e.phone_hash, e.phone_sealed, e.requested_by, e.requested_at, " \
  "e.done_at"

constexpr pg::Query kInsert{"tenant_insert_erasure", R"sql(
  INSERT INTO tenant.erasures (chain_id, erasure_id, phone_hash, phone_sealed, state, requested_by,
                               requested_at, tried_at)
  VALUES ($1, $2, $3, $4::bytea, 'RUNNING', $5, $6, $6))sql"};

constexpr pg::Query kInsertPart{"tenant_insert_erasure_part", R"sql(
  INSERT INTO tenant.erasure_parts (chain_id, erasure_id, holder) VALUES ($1, $2, $3))sql"};

constexpr pg::Query kFind{"tenant_find_erasure", "SELECT " ERASURE_COLUMNS
                                                 " FROM tenant.erasures e WHERE e.erasure_id = $1"};

constexpr pg::Query kFindParts{"tenant_find_erasure_parts", R"sql(
  SELECT holder, handle, rows_erased, erased_at FROM tenant.erasure_parts
   WHERE chain_id = $1 AND erasure_id = $2 ORDER BY holder)sql"};

// Replicas take different ones; who ends in the middle leaves theirs to the next.
constexpr pg::Query kClaim{"tenant_claim_erasures", R"sql(
  UPDATE tenant.erasures e SET tried_at = $2
   WHERE (e.chain_id, e.erasure_id) IN (
     SELECT r.chain_id, r.erasure_id FROM tenant.erasures r
      WHERE r.state = 'RUNNING' AND r.tried_at < $1
      ORDER BY r.tried_at LIMIT $3 FOR UPDATE SKIP LOCKED)
  RETURNING )sql" ERASURE_COLUMNS};

constexpr pg::Query kSavePart{"tenant_save_erasure_part", R"sql(
  UPDATE tenant.erasure_parts SET handle = $4, rows_erased = $5, erased_at = $6
   WHERE chain_id = $1 AND erasure_id = $2 AND holder = $3 AND erased_at IS NULL)sql"};

constexpr pg::Query kFinish{"tenant_finish_erasure", R"sql(
  UPDATE tenant.erasures e SET state = 'DONE', done_at = $3, phone_sealed = NULL
   WHERE e.chain_id = $1 AND e.erasure_id = $2 AND e.state = 'RUNNING'
     AND NOT EXISTS (SELECT FROM tenant.erasure_parts p
                      WHERE p.chain_id = e.chain_id AND p.erasure_id = e.erasure_id
                        AND p.erased_at IS NULL))sql"};

constexpr pg::Query kInsertDone{"tenant_insert_done_erasure", R"sql(
  INSERT INTO tenant.erasures (chain_id, erasure_id, phone_hash, state, requested_by, requested_at,
                               tried_at, done_at)
  SELECT c.chain_id, $2::uuid, $3, 'DONE', $4, $5::timestamptz, $6::timestamptz, $6::timestamptz
    FROM tenant.chains c WHERE c.chain_id = $1
  ON CONFLICT DO NOTHING)sql"};

constexpr pg::Query kInsertDonePart{"tenant_insert_done_erasure_part", R"sql(
  INSERT INTO tenant.erasure_parts (chain_id, erasure_id, holder, handle, erased_at)
  VALUES ($1, $2, $3, $4, $5))sql"};

constexpr pg::Query kReopen{"tenant_reopen_erasures", R"sql(
  WITH reopened AS (
    UPDATE tenant.erasures SET state = 'RUNNING', done_at = NULL, tried_at = '-infinity'
     WHERE state = 'DONE' AND done_at >= $1 RETURNING chain_id, erasure_id
  ), parts AS (
    UPDATE tenant.erasure_parts p SET erased_at = NULL FROM reopened r
     WHERE p.chain_id = r.chain_id AND p.erasure_id = r.erasure_id
  )
  SELECT count(*) AS reopened FROM reopened)sql"};

Erasure ReadErasure(const pg::Row& row) {
  Erasure erasure;
  erasure.id = row.As<ErasureId>("erasure_id");
  erasure.chain = row.As<ChainId>("chain_id");
  erasure.phone_hash = row.Text("phone_hash");
  erasure.phone_sealed = row.Bytes("phone_sealed");
  erasure.requested_by = row.Text("requested_by");
  erasure.requested_at = row.Time("requested_at");
  erasure.done_at = row.OptTime("done_at");
  return erasure;
}

}  // namespace

absl::Status PgErasures::InsertErasure(const Erasure& erasure) {
  CW_RETURN_IF_ERROR(tx_.Run(kInsert, erasure.chain, erasure.id, erasure.phone_hash,
                             pg::Bytes(erasure.phone_sealed), erasure.requested_by,
                             erasure.requested_at)
                         .status());
  for (const ErasurePart& part : erasure.parts) {
    CW_RETURN_IF_ERROR(tx_.Run(kInsertPart, erasure.chain, erasure.id, part.holder).status());
  }
  return absl::OkStatus();
}

absl::Status PgErasures::ReadParts(Erasure& erasure) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kFindParts, erasure.chain, erasure.id));
  erasure.parts = ReadAll(rows, [](const pg::Row& row) {
    return ErasurePart{row.Text("holder"), row.Text("handle"), row.Int("rows_erased"),
                       row.OptTime("erased_at")};
  });
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Erasure>> PgErasures::FindErasure(const ErasureId& id) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kFind, id));
  auto erasure = ReadOne(rows, ReadErasure);
  if (erasure) CW_RETURN_IF_ERROR(ReadParts(*erasure));
  return erasure;
}

absl::StatusOr<std::vector<Erasure>> PgErasures::ClaimRunning(absl::Time before, absl::Time now,
                                                              int most) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kClaim, before, now, most));
  std::vector<Erasure> running = ReadAll(rows, ReadErasure);
  for (Erasure& erasure : running) CW_RETURN_IF_ERROR(ReadParts(erasure));
  return running;
}

absl::Status PgErasures::SaveProgress(const Erasure& erasure, absl::Time now) {
  for (const ErasurePart& part : erasure.parts) {
    if (!part.erased_at) continue;
    CW_RETURN_IF_ERROR(tx_.Run(kSavePart, erasure.chain, erasure.id, part.holder, part.handle,
                               part.rows_erased, part.erased_at)
                           .status());
  }
  return tx_.Run(kFinish, erasure.chain, erasure.id, now).status();
}

absl::StatusOr<bool> PgErasures::InsertDone(const Erasure& erasure) {
  CW_ASSIGN_OR_RETURN(const auto rows,
                      tx_.Run(kInsertDone, erasure.chain, erasure.id, erasure.phone_hash,
                              erasure.requested_by, erasure.requested_at, erasure.done_at));
  if (rows.affected() == 0) return false;
  for (const ErasurePart& part : erasure.parts) {
    CW_RETURN_IF_ERROR(tx_.Run(kInsertDonePart, erasure.chain, erasure.id, part.holder, part.handle,
                               part.erased_at)
                           .status());
  }
  return true;
}

absl::StatusOr<int> PgErasures::Reopen(absl::Time since) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kReopen, since));
  return static_cast<int>(rows.front().Int("reopened"));
}

}  // namespace cartwise::tenant
