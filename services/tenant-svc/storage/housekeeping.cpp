#include "storage/housekeeping.hpp"

#include "cartwise/pg/deletes.hpp"
#include "domain/revocation.hpp"

namespace cartwise::tenant {
namespace {

constexpr absl::Duration kAnswersKept = absl::Hours(24);
constexpr absl::Duration kSignInsKept = absl::Hours(7 * 24);

constexpr pg::Query kDeleteAnswers{
    "tenant_drop_old_answers", CARTWISE_DELETE_SOME("tenant.idempotency_keys", "created_at < $1")};

// Their refresh tokens go with them.
constexpr pg::Query kDeleteSignIns{"tenant_drop_old_sign_ins", R"sql(
  DELETE FROM tenant.sign_ins s
   WHERE NOT EXISTS (SELECT FROM tenant.refresh_tokens t
                      WHERE t.chain_id = s.chain_id AND t.sign_in_id = s.sign_in_id
                        AND t.expires_at >= $1))sql"};

constexpr pg::Query kDeleteLinks{"tenant_drop_old_password_links",
                                 CARTWISE_DELETE_SOME("tenant.password_links", "expires_at < $1")};

constexpr pg::Query kDeleteTries{"tenant_drop_old_sign_in_tries",
                                 CARTWISE_DELETE_SOME("tenant.sign_in_tries", "tried_at < $1")};

constexpr absl::Duration kPlacesKept = absl::Hours(90 * 24);
constexpr pg::Query kDeletePlaces{"tenant_drop_old_sign_in_places",
                                  CARTWISE_DELETE_SOME("tenant.sign_in_places", "seen_at < $1")};

// Longer than any token that a revocation could be for.
constexpr absl::Duration kRevocationsKept = absl::Hours(1);
constexpr pg::Query kDeleteRevocations{"tenant_drop_old_revocations", R"sql(
  DELETE FROM tenant.revocations
   WHERE revoked_at < $1 AND (kind <> 'SHOPPER' OR revoked_at < $2))sql"};

// Limits look back a day, blocks of phones a week.
constexpr absl::Duration kSendsKept = absl::Hours(25);
constexpr absl::Duration kPeopleKept = absl::Hours(8 * 24);

constexpr pg::Query kDeleteCodes{"tenant_drop_old_codes",
                                 CARTWISE_DELETE_SOME("tenant.one_time_codes", "expires_at < $1")};

constexpr pg::Query kDeleteSends{"tenant_drop_old_otp_sends",
                                 CARTWISE_DELETE_SOME("tenant.otp_sends", "sent_at < $1")};

constexpr pg::Query kDeletePeople{"tenant_drop_old_otp_people",
                                  CARTWISE_DELETE_SOME("tenant.otp_people", "tried_at < $1")};

constexpr pg::Query kDeleteStops{
    "tenant_drop_old_otp_stops",
    CARTWISE_DELETE_SOME("tenant.otp_stopped_prefixes", "stopped_until < $1")};

}  // namespace

absl::Status Tidy(pg::Pool& pool, absl::Time now) {
  const pg::Step deletes[] = {
      {kDeleteAnswers, {now - kAnswersKept}},
      {kDeleteSignIns, {now - kSignInsKept}},
      {kDeleteLinks, {now}},
      {kDeleteTries, {now - kPeopleKept}},
      {kDeletePlaces, {now - kPlacesKept}},
      {kDeleteRevocations, {now - kRevocationsKept, now - kShopperRevocationsTold}},
      {kDeleteCodes, {now}},
      {kDeleteSends, {now - kSendsKept}},
      {kDeletePeople, {now - kPeopleKept}},
      {kDeleteStops, {now}}};
  return pg::DeleteOld(pool, deletes);
}

}  // namespace cartwise::tenant
