#include "storage/pg_sealed_phones.hpp"

#include <absl/time/clock.h>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "storage/rows.hpp"

namespace cartwise::rental {
namespace sql {

// $1 is the prefix of sealed phones, $2 the tag of hashes. An erased rental has neither.
#define HASHED_OTHERWISE(tag) "r.phone_hash <> '' AND left(r.phone_hash, -64) <> " tag
#define OF_OTHER_KEYS                                                                           \
  "((r.phone_sealed <> '' AND substr(r.phone_sealed, 1, octet_length($1::bytea)) <> $1::bytea)" \
  " OR (" HASHED_OTHERWISE("$2") "))"

constexpr pg::Query kNext{"sealed_phones_next",
                          R"sql(
  SELECT r.chain_id, r.id, r.phone_sealed, r.phone_hash FROM rental.rentals r
   WHERE (r.chain_id, r.id) > ($3::uuid, $4::uuid) AND )sql" OF_OTHER_KEYS R"sql(
   ORDER BY r.chain_id, r.id LIMIT $5)sql"};

constexpr pg::Query kCount{"sealed_phones_count",
                           "SELECT count(*) AS others FROM rental.rentals r WHERE " OF_OTHER_KEYS};

// $1 chains, $2 rentals, $3 what they are sealed with, $4 what comes in its place, both in
// hex, $5 their hashes, $6 what comes in their place.
constexpr pg::Query kReplace{"sealed_phones_replace", R"sql(
  UPDATE rental.rentals r SET phone_sealed = decode(n.fresh, 'hex'), phone_hash = n.rehashed
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
      AS n (chain_id, id, old, fresh, hash, rehashed)
   WHERE r.chain_id = n.chain_id AND r.id = n.id
     AND r.phone_sealed = decode(n.old, 'hex') AND r.phone_hash = n.hash)sql"};

constexpr pg::Query kGuardIs{"look_up_keys_guard_is",
                             "SELECT 1 AS one FROM rental.look_up_keys WHERE guards AND tag = $1"};

// Whoever queues behind this lock is let through again after a second at most.
constexpr pg::Query kPatience{"look_up_keys_patience",
                              "SELECT set_config('lock_timeout', '1s', true) AS patience"};

// No rental is written between the reading of the open ones and the commit; who
// waited here has its snapshot from afterwards and finds the new key.
constexpr pg::Query kHold{"look_up_keys_hold", "SELECT rental.hold_rentals()::text AS held"};

constexpr pg::Query kOpen{"look_up_keys_open_rentals", R"sql(
  SELECT r.chain_id, r.id, r.phone_sealed, r.phone_hash FROM rental.rentals r
   WHERE r.)sql" RENTAL_IS_OPEN " AND " HASHED_OTHERWISE("$1")};

constexpr pg::Query kUnguard{"look_up_keys_unguard",
                             "UPDATE rental.look_up_keys SET guards = false WHERE guards"};

constexpr pg::Query kGuard{"look_up_keys_guard", R"sql(
  INSERT INTO rental.look_up_keys (tag, guards) VALUES ($1, true)
  ON CONFLICT (tag) DO UPDATE SET guards = true)sql"};

// Only the key that guards makes hashes, so what none is of now, none will be of.
constexpr pg::Query kForget{"look_up_keys_forget", R"sql(
  DELETE FROM rental.look_up_keys l
   WHERE NOT l.guards AND NOT EXISTS (
     SELECT FROM rental.rentals r WHERE r.phone_hash <> '' AND left(r.phone_hash, -64) = l.tag))sql"};

constexpr pg::Query kNeeded{"look_up_keys_needed",
                            "SELECT tag FROM rental.look_up_keys WHERE tag <> $1 ORDER BY tag"};

}  // namespace sql

namespace {

std::vector<SealedRental> Read(const pg::Rows& rows) {
  std::vector<SealedRental> rentals;
  for (const pg::Row row : rows) {
    rentals.push_back({row.As<ChainId>("chain_id"), row.As<RentalId>("id"),
                       row.Bytes("phone_sealed"), row.Text("phone_hash"), "", ""});
  }
  return rentals;
}

// `run` runs a statement, within a transaction or as one.
template <typename Runs>
absl::StatusOr<int> ReplaceWith(const std::vector<SealedRental>& rentals, const Runs& run) {
  std::vector<ChainId> chains;
  std::vector<RentalId> ids;
  std::vector<std::string> old, fresh, hashes, rehashed;
  for (const SealedRental& rental : rentals) {
    chains.push_back(rental.chain);
    ids.push_back(rental.id);
    old.push_back(HexEncode(rental.sealed));
    fresh.push_back(HexEncode(rental.resealed));
    hashes.push_back(rental.hash);
    rehashed.push_back(rental.rehashed);
  }
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      run(sql::kReplace, chains, ids, old, fresh, hashes, rehashed));
  return rows.affected();
}

}  // namespace

template <typename... Args>
absl::StatusOr<pg::Rows> PgSealedPhones::Run(const pg::Query& query, const Args&... args) {
  return pool_.Once(pg::Tenant::Platform(), absl::Now() + absl::Minutes(5), query, args...);
}

absl::Status PgSealedPhones::Guard(const std::string& tag, Make make) {
  CW_ASSIGN_OR_RETURN(const pg::Rows guards, Run(sql::kGuardIs, tag));
  if (!guards.empty()) return absl::OkStatus();
  const auto switch_keys = [&](pg::Transaction& tx) -> absl::Status {
    CW_RETURN_IF_ERROR(tx.Run(sql::kPatience).status());
    CW_RETURN_IF_ERROR(tx.Run(sql::kHold).status());
    CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx.Run(sql::kOpen, tag));
    std::vector<SealedRental> open = Read(rows);
    CW_RETURN_IF_ERROR(make(open));
    CW_RETURN_IF_ERROR(
        ReplaceWith(open, [&](const auto&... args) { return tx.Run(args...); }).status());
    CW_RETURN_IF_ERROR(tx.Run(sql::kUnguard).status());
    return tx.Run(sql::kGuard, tag).status();
  };
  return pool_.Transact(pg::Tenant::Platform(), absl::Now() + absl::Minutes(5), switch_keys);
}

absl::StatusOr<std::vector<SealedRental>> PgSealedPhones::Next(const NewestKeys& keys,
                                                               const SealedRental& last, int most) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      Run(sql::kNext, pg::Bytes(keys.prefix), keys.tag, last.chain, last.id, most));
  return Read(rows);
}

absl::StatusOr<int> PgSealedPhones::Replace(const std::vector<SealedRental>& rentals) {
  return ReplaceWith(rentals, [&](const auto&... args) { return Run(args...); });
}

absl::StatusOr<int> PgSealedPhones::CountOthers(const NewestKeys& keys) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, Run(sql::kCount, pg::Bytes(keys.prefix), keys.tag));
  return static_cast<int>(rows.front().Int("others"));
}

absl::StatusOr<std::vector<std::string>> PgSealedPhones::ForgetOtherKeys(const std::string& tag) {
  CW_RETURN_IF_ERROR(Run(sql::kForget).status());
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, Run(sql::kNeeded, tag));
  std::vector<std::string> needed;
  for (const pg::Row row : rows) needed.push_back(row.Text("tag"));
  return needed;
}

}  // namespace cartwise::rental
