#include "storage/pg_sealed_phones.hpp"

#include <absl/time/clock.h>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::rental {
namespace sql {

// $1 is the prefix. An erased rental has nothing sealed.
#define SEALED_OTHERWISE \
  "r.phone_sealed <> '' AND substr(r.phone_sealed, 1, octet_length($1::bytea)) <> $1::bytea"

constexpr pg::Query kNext{"sealed_phones_next",
                          R"sql(
  SELECT r.chain_id, r.id, r.phone_sealed FROM rental.rentals r
   WHERE (r.chain_id, r.id) > ($2::uuid, $3::uuid) AND )sql" SEALED_OTHERWISE R"sql(
   ORDER BY r.chain_id, r.id LIMIT $4)sql"};

constexpr pg::Query kCount{
    "sealed_phones_count",
    "SELECT count(*) AS others FROM rental.rentals r WHERE " SEALED_OTHERWISE};

// $1 chains, $2 rentals, $3 what they are sealed with, $4 what comes in its place; hex.
constexpr pg::Query kReplace{"sealed_phones_replace", R"sql(
  UPDATE rental.rentals r SET phone_sealed = decode(n.fresh, 'hex')
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS n (chain_id, id, old, fresh)
   WHERE r.chain_id = n.chain_id AND r.id = n.id
     AND r.phone_sealed = decode(n.old, 'hex'))sql"};

}  // namespace sql

template <typename... Args>
absl::StatusOr<pg::Rows> PgSealedPhones::Run(const pg::Query& query, const Args&... args) {
  return pool_.Once(pg::Tenant::Platform(), absl::Now() + absl::Minutes(5), query, args...);
}

absl::StatusOr<std::vector<SealedRental>> PgSealedPhones::Next(const std::string& prefix,
                                                               const SealedRental& last, int most) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      Run(sql::kNext, pg::Bytes(prefix), last.chain, last.id, most));
  std::vector<SealedRental> rentals;
  for (const pg::Row row : rows) {
    rentals.push_back(
        {row.As<ChainId>("chain_id"), row.As<RentalId>("id"), row.Bytes("phone_sealed"), ""});
  }
  return rentals;
}

absl::StatusOr<int> PgSealedPhones::Replace(const std::vector<SealedRental>& rentals) {
  std::vector<ChainId> chains;
  std::vector<RentalId> ids;
  std::vector<std::string> old, fresh;
  for (const SealedRental& rental : rentals) {
    chains.push_back(rental.chain);
    ids.push_back(rental.id);
    old.push_back(HexEncode(rental.sealed));
    fresh.push_back(HexEncode(rental.resealed));
  }
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, Run(sql::kReplace, chains, ids, old, fresh));
  return rows.affected();
}

absl::StatusOr<int> PgSealedPhones::CountOthers(const std::string& prefix) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, Run(sql::kCount, pg::Bytes(prefix)));
  return static_cast<int>(rows.front().Int("others"));
}

}  // namespace cartwise::rental
