#include "cartwise/base/status_macros.hpp"
#include "storage/columns.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::tenant {
namespace {

constexpr pg::Query kInsertSignIn{"tenant_insert_sign_in", R"sql(
  INSERT INTO tenant.sign_ins (chain_id, sign_in_id, user_id, created_at, address)
  VALUES ($1, $2, $3, $4, $5))sql"};

constexpr pg::Query kTouch{"tenant_touch_sign_in", R"sql(
  UPDATE tenant.sign_ins SET used_at = $3, address = $4
   WHERE chain_id = $1 AND sign_in_id = $2)sql"};

// Ids are UUIDs of version 7: newest first is by id, downwards.
constexpr pg::Query kList{"tenant_list_sign_ins", R"sql(
  SELECT s.sign_in_id, s.created_at, coalesce(s.used_at, s.created_at) AS used_at, s.address
    FROM tenant.sign_ins s
   WHERE s.user_id = $1 AND s.revoked_at IS NULL AND ($2::uuid IS NULL OR s.sign_in_id < $2)
     AND EXISTS (SELECT FROM tenant.refresh_tokens t
                  WHERE t.chain_id = s.chain_id AND t.sign_in_id = s.sign_in_id
                    AND t.used_at IS NULL AND t.expires_at > $4)
   ORDER BY s.sign_in_id DESC
   LIMIT $3::int)sql"};

constexpr pg::Query kEnd{"tenant_end_sign_in", R"sql(
  UPDATE tenant.sign_ins SET revoked_at = coalesce(revoked_at, $3),
         revoked_reason = coalesce(revoked_reason, 'ended by its user')
   WHERE user_id = $1 AND sign_in_id = $2)sql"};

constexpr pg::Query kInsertToken{"tenant_insert_refresh_token", R"sql(
  INSERT INTO tenant.refresh_tokens (chain_id, token_id, sign_in_id, token_hash, issued_at,
                                     expires_at)
  VALUES ($1, $2, $3, $4, $5, $6))sql"};

// Both rows are locked: two that bring the same token, or tokens of one family,
// take turns, and the second sees what the first has done.
constexpr pg::Query kTakeToken{"tenant_take_refresh_token", R"sql(
  SELECT t.chain_id, t.token_id, t.sign_in_id, s.user_id, s.created_at, t.issued_at, t.expires_at,
         t.used_at IS NOT NULL AS used, s.revoked_at IS NOT NULL AS revoked
    FROM tenant.refresh_tokens t
    JOIN tenant.sign_ins s ON s.chain_id = t.chain_id AND s.sign_in_id = t.sign_in_id
   WHERE t.token_hash = $1
     FOR UPDATE OF t, s)sql"};

constexpr pg::Query kSpendToken{"tenant_spend_refresh_token", R"sql(
  UPDATE tenant.refresh_tokens SET used_at = $3
   WHERE chain_id = $1 AND token_id = $2 AND used_at IS NULL)sql"};

constexpr pg::Query kRevoke{"tenant_revoke_sign_in", R"sql(
  UPDATE tenant.sign_ins SET revoked_at = $3, revoked_reason = $4
   WHERE chain_id = $1 AND sign_in_id = $2 AND revoked_at IS NULL)sql"};

constexpr pg::Query kRevokeAll{"tenant_revoke_sign_ins", R"sql(
  UPDATE tenant.sign_ins SET revoked_at = $3, revoked_reason = $4
   WHERE chain_id = $1 AND user_id = $2 AND revoked_at IS NULL)sql"};

}  // namespace

absl::Status PgStore::InsertSignIn(const SignIn& sign_in, const std::string& address,
                                   absl::Time now) {
  return tx_.Run(kInsertSignIn, ChainColumn(sign_in.chain), sign_in.id, sign_in.user, now, address)
      .status();
}

absl::Status PgStore::TouchSignIn(const SignIn& sign_in, const std::string& address,
                                  absl::Time now) {
  return tx_.Run(kTouch, ChainColumn(sign_in.chain), sign_in.id, now, address).status();
}

absl::StatusOr<std::vector<LiveSignIn>> PgStore::ListSignIns(const UserId& user,
                                                             const PageRequest& page,
                                                             absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kList, user, After(page, 0), page.size + 1, now));
  return ReadAll(rows, [](const pg::Row& row) {
    return LiveSignIn{row.As<SignInId>("sign_in_id"), row.Time("created_at"), row.Time("used_at"),
                      row.Text("address")};
  });
}

absl::StatusOr<bool> PgStore::EndSignIn(const UserId& user, const SignInId& id, absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kEnd, user, id, now));
  return rows.affected() == 1;
}

absl::Status PgStore::InsertRefreshToken(const RefreshToken& token) {
  return tx_
      .Run(kInsertToken, ChainColumn(token.sign_in.chain), token.id, token.sign_in.id, token.hash,
           token.issued_at, token.expires_at)
      .status();
}

absl::StatusOr<std::optional<RefreshToken>> PgStore::TakeRefreshToken(const std::string& hash) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kTakeToken, hash));
  return ReadOne(rows, [&](const pg::Row& row) {
    RefreshToken token;
    token.id = row.As<RefreshTokenId>("token_id");
    token.sign_in = {row.As<SignInId>("sign_in_id"), ReadChain(row), row.As<UserId>("user_id"),
                     row.Time("created_at")};
    token.hash = hash;
    token.issued_at = row.Time("issued_at");
    token.expires_at = row.Time("expires_at");
    token.used = row.Bool("used");
    token.revoked = row.Bool("revoked");
    return token;
  });
}

absl::Status PgStore::SpendRefreshToken(const RefreshToken& token, absl::Time now) {
  return tx_.Run(kSpendToken, ChainColumn(token.sign_in.chain), token.id, now).status();
}

absl::Status PgStore::RevokeSignIn(const SignIn& sign_in, std::string_view reason, absl::Time now) {
  return tx_.Run(kRevoke, ChainColumn(sign_in.chain), sign_in.id, now, reason).status();
}

absl::Status PgStore::RevokeSignIns(const User& user, std::string_view reason, absl::Time now) {
  return tx_.Run(kRevokeAll, ChainColumn(user.chain), user.id, now, reason).status();
}

}  // namespace cartwise::tenant
