#include "storage/pg_person_store.hpp"

#include "cartwise/base/status_macros.hpp"
#include "storage/look_up_keys.hpp"
#include "storage/rows.hpp"

namespace cartwise::rental {
namespace sql {

constexpr pg::Query kRentalsOf{"person_rentals", "SELECT " RENTAL_COLUMNS R"sql(
    FROM unnest($2::text[]) hash, LATERAL )sql" RENTALS_OF_PHONE("$1::uuid", "hash", "") R"sql( r
   ORDER BY r.start_time DESC, r.id DESC LIMIT $3)sql"};

constexpr pg::Query kHasOpen{"person_has_open_rental", R"sql(
  SELECT EXISTS (SELECT FROM rental.rentals r
                  WHERE r.chain_id = $1::uuid AND r.phone_hash = ANY ($2::text[])
                    AND r.open) AS open, )sql" LOOK_UP_KEY_MISSING(2) " AS missing"};

// An answer stored for a repeat tells its rental's id in plain bytes. Its key
// goes with it: so long after the rental nobody repeats the request. A key is kept for
// 30 days, so it tells of no rental that has not changed for longer. All keys of the chain are
// read, once: each is looked up among what is theirs.
constexpr pg::Query kErase{"person_erase", R"sql(
  WITH theirs AS (
    SELECT r.chain_id, r.id, r.requested_by, r.updated_at FROM rental.rentals r
     WHERE r.chain_id = $1::uuid AND r.phone_hash = ANY ($2::text[])
       AND NOT r.open
       AND NOT )sql" LOOK_UP_KEY_MISSING(2) R"sql(
       FOR UPDATE OF r
  ), told AS MATERIALIZED (
    SELECT convert_to(t.id::text, 'UTF8') AS id FROM theirs t
     WHERE t.updated_at > now() - interval '31 days'
  ), keys AS (
    DELETE FROM rental.idempotency_keys k
     WHERE k.chain_id = $1::uuid
       AND (k.effect_id IN (SELECT t.id FROM theirs t)
            OR k.principal IN (SELECT t.requested_by FROM theirs t
                                WHERE t.requested_by LIKE 'shopper:%')
            OR (k.answer IS NOT NULL
                AND EXISTS (SELECT FROM told t WHERE position(t.id IN k.answer) > 0)))
    RETURNING 1
  ), rentals AS (
    UPDATE rental.rentals r
       SET phone_hash = '', phone_sealed = '', phone_masked = '', notes = '', request_key = NULL,
           requested_by = CASE WHEN r.requested_by LIKE 'shopper:%' THEN 'shopper'
                               ELSE r.requested_by END
      FROM theirs t WHERE r.chain_id = t.chain_id AND r.id = t.id
    RETURNING 1
  )
  SELECT (SELECT count(*) FROM keys) + (SELECT count(*) FROM rentals) AS erased,
         )sql" LOOK_UP_KEY_MISSING(2) " AS missing"};

}  // namespace sql

namespace {

absl::Status KeyMissing() {
  return absl::FailedPreconditionError(std::string(LookUpKeyMissing().message()));
}

}  // namespace

absl::StatusOr<std::vector<Rental>> PgPersonStore::RentalsOf(const ChainId& chain,
                                                             const PhoneHashes& phone, int most,
                                                             absl::Time deadline) {
  CW_RETURN_IF_ERROR(HasOpenRental(chain, phone, deadline).status());
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, pool_.Once(pg::Tenant::Of(chain), deadline,
                                                      sql::kRentalsOf, chain, phone, most));
  std::vector<Rental> rentals;
  for (const pg::Row row : rows) rentals.push_back(ReadRental(row));
  return rentals;
}

absl::StatusOr<bool> PgPersonStore::HasOpenRental(const ChainId& chain, const PhoneHashes& phone,
                                                  absl::Time deadline) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      pool_.Once(pg::Tenant::Of(chain), deadline, sql::kHasOpen, chain, phone));
  if (rows.front().Bool("missing")) return KeyMissing();
  return rows.front().Bool("open");
}

absl::StatusOr<int> PgPersonStore::Erase(const ChainId& chain, const PhoneHashes& phone,
                                         absl::Time deadline) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      pool_.Once(pg::Tenant::Of(chain), deadline, sql::kErase, chain, phone));
  if (rows.front().Bool("missing")) return KeyMissing();
  return static_cast<int>(rows.front().Int("erased"));
}

}  // namespace cartwise::rental
