#include "storage/pg_otp_store.hpp"

#include "cartwise/base/status_macros.hpp"
#include "domain/otp_limits.hpp"
#include "storage/columns.hpp"
#include "storage/try_columns.hpp"

namespace cartwise::tenant {
namespace {

constexpr pg::Query kHistory{"tenant_otp_history", R"sql(
  SELECT phone.*, prefix.*, address_hour, branch_hour, chain_day, all_day, stopped_until,
         blocked_until
    FROM (SELECT count(*) FILTER (WHERE sent_at > $6::timestamptz - interval '15 minutes') AS phone_quarter,
                 count(*) FILTER (WHERE sent_at > $6::timestamptz - interval '1 hour') AS phone_hour,
                 count(*) AS phone_day, max(sent_at) AS last_to_phone
            FROM tenant.otp_sends
           WHERE phone_hash = ANY ($3::text[]) AND sent_at > $6::timestamptz - interval '24 hours') phone,
         (SELECT count(*) AS prefix_hour, count(verified_at) AS prefix_verified
            FROM tenant.otp_sends
           WHERE prefix_hash = ANY ($4::text[]) AND sent_at > $6::timestamptz - interval '1 hour') prefix,
         (SELECT count(*) AS address_hour FROM tenant.otp_sends
           WHERE address_hash = ANY ($5::text[]) AND sent_at > $6::timestamptz - interval '1 hour') address,
         (SELECT count(*) AS branch_hour FROM tenant.otp_sends
           WHERE chain_id = $1 AND branch_id = $2
             AND sent_at > $6::timestamptz - interval '1 hour') branch,
         (SELECT count(*) AS chain_day FROM tenant.otp_sends
           WHERE chain_id = $1 AND sent_at > $6::timestamptz - interval '24 hours') chain,
         (SELECT count(*) AS all_day FROM tenant.otp_sends
           WHERE sent_at > $6::timestamptz - interval '24 hours') everybody,
         (SELECT max(stopped_until) AS stopped_until FROM tenant.otp_stopped_prefixes
           WHERE prefix_hash = ANY ($4::text[])) stopped,
         (SELECT max(blocked_until) AS blocked_until FROM tenant.otp_people
           WHERE chain_id = $1 AND phone_hash = ANY ($3::text[])) blocked)sql"};

// Sends take turns, so that the count one sees is still true when it is acted on.
constexpr pg::Query kHold{"tenant_otp_hold_sends", R"sql(
  SELECT pg_advisory_xact_lock(hashtextextended('tenant.otp_sends', 0))::text AS held)sql"};

// Under the newest key alone: what is spent once must stand in one row.
constexpr pg::Query kInsertCode{"tenant_otp_insert_code", R"sql(
  WITH older AS (
    DELETE FROM tenant.one_time_codes
     WHERE chain_id = $1 AND phone_hash = ANY (($2::text[])[2:])
  )
  INSERT INTO tenant.one_time_codes (chain_id, phone_hash, challenge_id, code_hash, issued_at,
                                     expires_at)
  VALUES ($1, ($2::text[])[1], $3, $4, $5, $6)
  ON CONFLICT (chain_id, phone_hash) DO UPDATE
     SET challenge_id = excluded.challenge_id, code_hash = excluded.code_hash,
         issued_at = excluded.issued_at, expires_at = excluded.expires_at)sql"};

constexpr pg::Query kInsertSend{"tenant_otp_insert_send", R"sql(
  INSERT INTO tenant.otp_sends (chain_id, send_id, branch_id, phone_hash, prefix_hash,
                                address_hash, sent_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7))sql"};

constexpr pg::Query kStopPrefix{"tenant_otp_stop_prefix", R"sql(
  INSERT INTO tenant.otp_stopped_prefixes AS p (chain_id, prefix_hash, stopped_until)
  SELECT $1::uuid, h, $3::timestamptz FROM unnest($2::text[]) h ORDER BY h
  ON CONFLICT (chain_id, prefix_hash) DO UPDATE
     SET stopped_until = greatest(p.stopped_until, excluded.stopped_until))sql"};

constexpr pg::Query kTakeCode{"tenant_otp_take_code", R"sql(
  SELECT challenge_id, code_hash, issued_at, expires_at FROM tenant.one_time_codes
   WHERE chain_id = $1 AND phone_hash = ANY ($2::text[]) AND expires_at > $3
     FOR UPDATE)sql"};

constexpr pg::Query kBlocked{"tenant_otp_blocked_until", R"sql(
  SELECT max(blocked_until) AS blocked_until FROM tenant.otp_people
   WHERE chain_id = $1 AND phone_hash = ANY ($2::text[]) AND blocked_until > $3)sql"};

constexpr pg::Query kMeet{"tenant_otp_meet_person", R"sql(
  INSERT INTO tenant.otp_people (chain_id, phone_hash, tried_at, tried_before)
  SELECT $1::uuid, h, $3::timestamptz, $3 FROM unnest($2::text[]) h ORDER BY h
  ON CONFLICT (chain_id, phone_hash) DO NOTHING)sql"};

constexpr pg::Query kSpendTry{"tenant_otp_spend_try",
                              "UPDATE tenant.otp_people SET " COUNT_TRY R"sql(
   WHERE chain_id = $1 AND phone_hash = ANY ($2::text[])
     AND (blocked_until IS NULL OR blocked_until <= $3))sql"};

constexpr pg::Query kReturnTry{"tenant_otp_return_try", R"sql(
  UPDATE tenant.otp_people
     SET tries = CASE WHEN tries = 0 THEN $3::int ELSE tries END - 1,
         rounds = CASE WHEN tries = 0 THEN rounds - 1 ELSE rounds END,
         blocked_until = NULL, tried_at = tried_before
   WHERE chain_id = $1 AND phone_hash = ANY ($2::text[]))sql"};

constexpr pg::Query kSpendCode{"tenant_otp_spend_code", R"sql(
  DELETE FROM tenant.one_time_codes
   WHERE chain_id = $1 AND phone_hash = ANY ($2::text[]) AND challenge_id = $3)sql"};

constexpr pg::Query kVerified{"tenant_otp_verified", R"sql(
  UPDATE tenant.otp_sends SET verified_at = $3 WHERE chain_id = $1 AND send_id = $2)sql"};

constexpr pg::Query kDropCode{"tenant_otp_drop_code", R"sql(
  DELETE FROM tenant.one_time_codes
   WHERE chain_id = $1 AND phone_hash = ANY ($2::text[]))sql"};

}  // namespace

absl::StatusOr<OtpHistory> PgOtpStore::History(const OtpAsker& asker, absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kHistory, asker.chain, asker.branch, asker.phone,
                                               asker.prefix, asker.address, now));
  const pg::Row row = rows.front();
  const auto number = [&](const char* column) { return static_cast<int>(row.Int(column)); };
  OtpHistory history;
  history.phone_quarter_hour = number("phone_quarter");
  history.phone_hour = number("phone_hour");
  history.phone_day = number("phone_day");
  history.address_hour = number("address_hour");
  history.branch_hour = number("branch_hour");
  history.chain_day = number("chain_day");
  history.day = number("all_day");
  history.prefix_hour = number("prefix_hour");
  history.prefix_hour_verified = number("prefix_verified");
  history.last_to_phone = row.OptTime("last_to_phone");
  history.prefix_stopped_until = row.OptTime("stopped_until");
  history.phone_blocked_until = row.OptTime("blocked_until");
  return history;
}

absl::Status PgOtpStore::HoldSends() {
  return tx_.Run(kHold).status();
}

absl::Status PgOtpStore::InsertChallenge(const OtpAsker& asker, const Challenge& challenge) {
  CW_RETURN_IF_ERROR(tx_.Run(kInsertCode, asker.chain, asker.phone, challenge.id,
                             challenge.code_hash, challenge.issued_at, challenge.expires_at)
                         .status());
  return tx_
      .Run(kInsertSend, asker.chain, challenge.id, asker.branch, asker.phone.front(),
           asker.prefix.front(), asker.address.front(), challenge.issued_at)
      .status();
}

absl::Status PgOtpStore::StopPrefix(const OtpAsker& asker, absl::Time until) {
  return tx_.Run(kStopPrefix, asker.chain, asker.prefix, until).status();
}

absl::StatusOr<std::optional<Challenge>> PgOtpStore::TakeChallenge(const OtpAsker& asker,
                                                                   absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kTakeCode, asker.chain, asker.phone, now));
  return ReadOne(rows, [](const pg::Row& row) {
    return Challenge{row.As<ChallengeId>("challenge_id"), row.Text("code_hash"),
                     row.Time("issued_at"), row.Time("expires_at")};
  });
}

absl::StatusOr<std::optional<absl::Time>> PgOtpStore::BlockedUntil(const OtpAsker& asker,
                                                                   absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kBlocked, asker.chain, asker.phone, now));
  return rows.front().OptTime("blocked_until");
}

absl::StatusOr<bool> PgOtpStore::SpendTry(const OtpAsker& asker, const OtpLimits& limits,
                                          absl::Time now) {
  CW_RETURN_IF_ERROR(tx_.Run(kMeet, asker.chain, asker.phone, now).status());
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kSpendTry, asker.chain, asker.phone, now,
                                               limits.tries, WaitColumn(limits.try_waits)));
  return rows.affected() == static_cast<int>(asker.phone.size());
}

absl::Status PgOtpStore::ReturnTry(const OtpAsker& asker, const OtpLimits& limits) {
  return tx_.Run(kReturnTry, asker.chain, asker.phone, limits.tries).status();
}

absl::StatusOr<bool> PgOtpStore::SpendChallenge(const OtpAsker& asker, const Challenge& challenge,
                                                absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kSpendCode, asker.chain, asker.phone, challenge.id));
  if (rows.affected() != 1) return false;
  CW_RETURN_IF_ERROR(tx_.Run(kVerified, asker.chain, challenge.id, now).status());
  return true;
}

absl::Status PgOtpStore::DropChallenge(const OtpAsker& asker) {
  return tx_.Run(kDropCode, asker.chain, asker.phone).status();
}

}  // namespace cartwise::tenant
