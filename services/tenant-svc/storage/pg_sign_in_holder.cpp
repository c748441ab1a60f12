#include "storage/pg_sign_in_holder.hpp"

#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::tenant {
namespace {

constexpr pg::Query kExport{"tenant_export_person", R"sql(
  SELECT jsonb_build_object(
    'messages', coalesce((
      SELECT jsonb_agg(jsonb_build_object('sent_at', s.sent_at, 'branch_id', s.branch_id,
                                          'signed_in_at', s.verified_at)
                       ORDER BY s.sent_at DESC)
        FROM (SELECT * FROM tenant.otp_sends WHERE chain_id = $1 AND phone_hash = ANY ($2::text[])
               ORDER BY sent_at DESC LIMIT 5000) s), '[]'),
    'live_code_until', (SELECT max(expires_at) FROM tenant.one_time_codes
                         WHERE chain_id = $1 AND phone_hash = ANY ($2::text[])),
    'wrong_codes', coalesce((
      SELECT jsonb_agg(jsonb_build_object('tries', tries, 'rounds', rounds,
                                          'last_tried_at', tried_at,
                                          'blocked_until', blocked_until))
        FROM tenant.otp_people WHERE chain_id = $1 AND phone_hash = ANY ($2::text[])), '[]'))::text AS held)sql"};

// Messages keep their range of numbers and network for a day, so that erasing
// lifts no limit but the phone's own.
constexpr pg::Query kErase{"tenant_erase_person", R"sql(
  WITH codes AS (
    DELETE FROM tenant.one_time_codes WHERE chain_id = $1 AND phone_hash = ANY ($2::text[]) RETURNING 1
  ), tries AS (
    DELETE FROM tenant.otp_people WHERE chain_id = $1 AND phone_hash = ANY ($2::text[]) RETURNING 1
  ), messages AS (
    UPDATE tenant.otp_sends SET phone_hash = ''
     WHERE chain_id = $1 AND phone_hash = ANY ($2::text[]) RETURNING 1
  )
  SELECT (SELECT count(*) FROM codes) + (SELECT count(*) FROM tries)
         + (SELECT count(*) FROM messages) AS erased)sql"};

}  // namespace

absl::StatusOr<std::string> PgSignInHolder::Export(const Person& person, absl::Time deadline) {
  CW_ASSIGN_OR_RETURN(const auto rows,
                      pool_.Once(pg::Tenant::Of(person.chain), deadline, kExport, person.chain,
                                 secrets_.KeyedAll("phone", person.phone)));
  return rows.front().Text("held");
}

absl::StatusOr<Erased> PgSignInHolder::Erase(const ErasureOrder& order, absl::Time deadline) {
  const KeyedHashes phone = order.handle.empty() ? secrets_.KeyedAll("phone", order.person.phone)
                                                 : KeyedHashes(absl::StrSplit(order.handle, '+'));
  Erased erased;
  erased.handle = absl::StrJoin(phone, "+");
  if (order.check_only) return erased;
  const ChainId& chain = order.person.chain;
  CW_ASSIGN_OR_RETURN(const auto rows,
                      pool_.Once(pg::Tenant::Of(chain), deadline, kErase, chain, phone));
  erased.rows = rows.front().Int("erased");
  return erased;
}

}  // namespace cartwise::tenant
