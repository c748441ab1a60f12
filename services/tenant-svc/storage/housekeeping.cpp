#include "storage/housekeeping.hpp"

#include "cartwise/pg/drops.hpp"
#include "domain/revocation.hpp"

namespace cartwise::tenant {
namespace {

constexpr absl::Duration kAnswersKept = absl::Hours(24);
constexpr absl::Duration kSignInsKept = absl::Hours(7 * 24);

constexpr pg::Query kDropAnswers{"tenant_drop_old_answers", R"sql(
  DELETE FROM tenant.idempotency_keys WHERE created_at < $1)sql"};

// Their refresh tokens go with them.
constexpr pg::Query kDropSignIns{"tenant_drop_old_sign_ins", R"sql(
  DELETE FROM tenant.sign_ins s
   WHERE NOT EXISTS (SELECT FROM tenant.refresh_tokens t
                      WHERE t.chain_id = s.chain_id AND t.sign_in_id = s.sign_in_id
                        AND t.expires_at >= $1))sql"};

constexpr pg::Query kDropLinks{"tenant_drop_old_password_links", R"sql(
  DELETE FROM tenant.password_links WHERE expires_at < $1)sql"};

constexpr pg::Query kDropTries{"tenant_drop_old_sign_in_tries", R"sql(
  DELETE FROM tenant.sign_in_tries WHERE tried_at < $1)sql"};

constexpr absl::Duration kPlacesKept = absl::Hours(90 * 24);
constexpr pg::Query kDropPlaces{"tenant_drop_old_sign_in_places", R"sql(
  DELETE FROM tenant.sign_in_places WHERE seen_at < $1)sql"};

// Longer than any token that a revocation could be for.
constexpr absl::Duration kRevocationsKept = absl::Hours(1);
constexpr pg::Query kDropRevocations{"tenant_drop_old_revocations", R"sql(
  DELETE FROM tenant.revocations
   WHERE revoked_at < $1 AND (kind <> 'SHOPPER' OR revoked_at < $2))sql"};

// Limits look back a day, blocks of phones a week.
constexpr absl::Duration kSendsKept = absl::Hours(25);
constexpr absl::Duration kPeopleKept = absl::Hours(8 * 24);

constexpr pg::Query kDropCodes{"tenant_drop_old_codes", R"sql(
  DELETE FROM tenant.one_time_codes WHERE expires_at < $1)sql"};

constexpr pg::Query kDropSends{"tenant_drop_old_otp_sends", R"sql(
  DELETE FROM tenant.otp_sends WHERE sent_at < $1)sql"};

constexpr pg::Query kDropPeople{"tenant_drop_old_otp_people", R"sql(
  DELETE FROM tenant.otp_people WHERE tried_at < $1)sql"};

constexpr pg::Query kDropStops{"tenant_drop_old_otp_stops", R"sql(
  DELETE FROM tenant.otp_stopped_prefixes WHERE stopped_until < $1)sql"};

}  // namespace

absl::Status Tidy(pg::Pool& pool, absl::Time now) {
  const pg::Step drops[] = {
      {kDropAnswers, {now - kAnswersKept}},
      {kDropSignIns, {now - kSignInsKept}},
      {kDropLinks, {now}},
      {kDropTries, {now - kPeopleKept}},
      {kDropPlaces, {now - kPlacesKept}},
      {kDropRevocations, {now - kRevocationsKept, now - kShopperRevocationsTold}},
      {kDropCodes, {now}},
      {kDropSends, {now - kSendsKept}},
      {kDropPeople, {now - kPeopleKept}},
      {kDropStops, {now}}};
  return pg::Drop(pool, drops);
}

}  // namespace cartwise::tenant
