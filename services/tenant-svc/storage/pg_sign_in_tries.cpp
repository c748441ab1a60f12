#include "cartwise/base/status_macros.hpp"
#include "storage/columns.hpp"
#include "storage/pg_store.hpp"
#include "storage/try_columns.hpp"

namespace cartwise::tenant {
namespace {

constexpr pg::Query kBlocked{"tenant_sign_ins_blocked_until", R"sql(
  SELECT max(blocked_until) AS blocked_until FROM tenant.sign_in_tries
   WHERE ((bucket_hash = ANY ($1::text[]) AND kind = 'pair')
          OR (bucket_hash = ANY ($2::text[]) AND kind = 'address'))
     AND blocked_until > $3)sql"};

// Holds a row that is there: who signs in well at the same time would forget it
// before it is counted in, which would look like a block.
constexpr pg::Query kMeet{"tenant_meet_sign_in", R"sql(
  INSERT INTO tenant.sign_in_tries (bucket_hash, kind, tried_at, tried_before)
  SELECT h, $2, $3::timestamptz, $3 FROM unnest($1::text[]) h ORDER BY h
  ON CONFLICT (bucket_hash, kind) DO UPDATE SET kind = excluded.kind)sql"};

constexpr pg::Query kSpend{"tenant_spend_sign_in_try",
                           "UPDATE tenant.sign_in_tries SET " COUNT_TRY R"sql(
   WHERE bucket_hash = ANY ($1::text[]) AND kind = $2
     AND (blocked_until IS NULL OR blocked_until <= $3))sql"};

// A block stays: of the tries that led to it this was one only.
constexpr pg::Query kReturn{"tenant_return_sign_in_try", R"sql(
  UPDATE tenant.sign_in_tries SET tries = greatest(tries - 1, 0)
   WHERE bucket_hash = ANY ($1::text[]) AND kind = $2)sql"};

constexpr pg::Query kForget{"tenant_forget_sign_in_tries", R"sql(
  DELETE FROM tenant.sign_in_tries WHERE bucket_hash = ANY ($1::text[]) AND kind = 'pair')sql"};

constexpr pg::Query kKnows{"tenant_knows_sign_in_place", R"sql(
  SELECT 1 AS known FROM tenant.sign_in_places
   WHERE chain_id = $1 AND user_id = $2 AND address_hash = ANY ($3::text[]) AND seen_at > $4)sql"};

constexpr pg::Query kRemember{"tenant_remember_sign_in_place", R"sql(
  INSERT INTO tenant.sign_in_places (chain_id, user_id, address_hash, seen_at)
  SELECT $1::uuid, $2::uuid, h, $4::timestamptz FROM unnest($3::text[]) h ORDER BY h
  ON CONFLICT (chain_id, user_id, address_hash) DO UPDATE SET seen_at = excluded.seen_at)sql"};

}  // namespace

absl::StatusOr<std::optional<absl::Time>> PgStore::SignInsBlockedUntil(const SignInOrigin& origin,
                                                                       absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kBlocked, origin.pair, origin.address, now));
  return rows.front().OptTime("blocked_until");
}

absl::StatusOr<bool> PgStore::SpendSignInTry(const SignInOrigin& origin, const SignInLimits& limits,
                                             absl::Time now) {
  const auto spend = [&](const KeyedHashes& hashes, const char* kind,
                         const SignInTries& tries) -> absl::StatusOr<bool> {
    CW_RETURN_IF_ERROR(tx_.Run(kMeet, hashes, kind, now).status());
    CW_ASSIGN_OR_RETURN(const auto rows,
                        tx_.Run(kSpend, hashes, kind, now, tries.tries, WaitColumn(tries.waits)));
    return rows.affected() == static_cast<int>(hashes.size());
  };
  CW_ASSIGN_OR_RETURN(const bool pair, spend(origin.pair, "pair", limits.per_pair));
  if (!pair) return false;
  return spend(origin.address, "address", limits.per_address);
}

absl::Status PgStore::ReturnSignInTry(const SignInOrigin& origin) {
  CW_RETURN_IF_ERROR(tx_.Run(kReturn, origin.pair, "pair").status());
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kReturn, origin.address, "address"));
  // Those of the pair may be forgotten since it was counted. These go with age alone, so it
  // is the transaction that does not see them.
  return rows.affected() == static_cast<int>(origin.address.size())
             ? absl::OkStatus()
             : absl::InternalError("a try to give back is not there");
}

absl::Status PgStore::ForgetSignInTries(const SignInOrigin& origin) {
  return tx_.Run(kForget, origin.pair).status();
}

absl::StatusOr<bool> PgStore::KnowsPlace(const User& user, const SignInOrigin& origin,
                                         absl::Time since) {
  CW_ASSIGN_OR_RETURN(const auto rows,
                      tx_.Run(kKnows, ChainColumn(user.chain), user.id, origin.address, since));
  return !rows.empty();
}

absl::Status PgStore::RememberPlace(const User& user, const SignInOrigin& origin, absl::Time now) {
  return tx_.Run(kRemember, ChainColumn(user.chain), user.id, origin.address, now).status();
}

}  // namespace cartwise::tenant
