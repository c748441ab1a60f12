#include "cartwise/base/status_macros.hpp"
#include "storage/columns.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::tenant {
namespace {

constexpr pg::Query kPut{"tenant_put_second_factor", R"sql(
  INSERT INTO tenant.second_factors AS f (chain_id, user_id, secret_sealed, created_at)
  VALUES ($1, $2, $3, $4)
  ON CONFLICT (chain_id, user_id) DO UPDATE
     SET secret_sealed = excluded.secret_sealed, created_at = excluded.created_at
   WHERE f.confirmed_at IS NULL)sql"};

constexpr pg::Query kFind{"tenant_find_second_factor", R"sql(
  SELECT secret_sealed, confirmed_at IS NOT NULL AS confirmed FROM tenant.second_factors
   WHERE chain_id = $1 AND user_id = $2)sql"};

// The row lock makes two who bring the same code take turns; the second finds the
// step used.
constexpr pg::Query kSpendStep{"tenant_spend_factor_step", R"sql(
  UPDATE tenant.second_factors SET last_step = $5, secret_sealed = $4
   WHERE chain_id = $1 AND user_id = $2 AND secret_sealed = $3 AND last_step < $5)sql"};

constexpr pg::Query kConfirm{"tenant_confirm_second_factor", R"sql(
  UPDATE tenant.second_factors SET confirmed_at = $3
   WHERE chain_id = $1 AND user_id = $2 AND confirmed_at IS NULL)sql"};

constexpr pg::Query kInsertCodes{"tenant_insert_recovery_codes", R"sql(
  INSERT INTO tenant.recovery_codes (chain_id, user_id, code_hash)
  SELECT $1, $2, code FROM unnest($3::text[]) AS code)sql"};

constexpr pg::Query kSpendCode{"tenant_spend_recovery_code", R"sql(
  DELETE FROM tenant.recovery_codes WHERE chain_id = $1 AND user_id = $2 AND code_hash = $3)sql"};

constexpr pg::Query kDelete{"tenant_delete_second_factor", R"sql(
  DELETE FROM tenant.second_factors WHERE chain_id = $1 AND user_id = $2)sql"};

}  // namespace

absl::StatusOr<bool> PgStore::PutFactor(const User& user, const std::string& sealed,
                                        absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto rows,
                      tx_.Run(kPut, ChainColumn(user.chain), user.id, pg::Bytes(sealed), now));
  return rows.affected() == 1;
}

absl::StatusOr<std::optional<SecondFactor>> PgStore::FindFactor(const User& user) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kFind, ChainColumn(user.chain), user.id));
  return ReadOne(rows, [](const pg::Row& row) {
    return SecondFactor{row.Bytes("secret_sealed"), row.Bool("confirmed")};
  });
}

absl::StatusOr<bool> PgStore::SpendFactorStep(const User& user, const std::string& sealed,
                                              const std::string& resealed, int64_t step) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kSpendStep, ChainColumn(user.chain), user.id,
                                               pg::Bytes(sealed), pg::Bytes(resealed), step));
  return rows.affected() == 1;
}

absl::Status PgStore::ConfirmFactor(const User& user, const std::vector<std::string>& code_hashes,
                                    absl::Time now) {
  const std::string chain = ChainColumn(user.chain);
  CW_RETURN_IF_ERROR(tx_.Run(kConfirm, chain, user.id, now).status());
  return tx_.Run(kInsertCodes, chain, user.id, code_hashes).status();
}

absl::StatusOr<bool> PgStore::SpendRecoveryCode(const User& user, const std::string& code_hash) {
  CW_ASSIGN_OR_RETURN(const auto rows,
                      tx_.Run(kSpendCode, ChainColumn(user.chain), user.id, code_hash));
  return rows.affected() == 1;
}

absl::StatusOr<bool> PgStore::DeleteFactor(const User& user) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kDelete, ChainColumn(user.chain), user.id));
  return rows.affected() == 1;
}

}  // namespace cartwise::tenant
