#include "cartwise/base/audit.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/outbox/outbox.hpp"
#include "domain/reasons.hpp"
#include "storage/pg_store.hpp"
#include "storage/rows.hpp"

namespace cartwise::rental {
namespace sql {

// The rentals `r` of the branch $2 of the chain $1. What has ended is in an index of branches,
// what is open is found from the branch's carts; `rest` holds for each of the two.
#define RENTALS_OF_BRANCH(rest)                                                              \
  "((SELECT e.* FROM rental.rentals e"                                                       \
  "   WHERE e.chain_id = $1::uuid AND e.branch_id = $2::uuid AND NOT e.open " rest           \
  ") UNION ALL"                                                                              \
  " (SELECT e.* FROM rental.carts c"                                                         \
  "    JOIN rental.rentals e ON e.chain_id = c.chain_id AND e.cart_id = c.id AND e.open"     \
  "   WHERE c.chain_id = $1::uuid AND c.branch_id = $2::uuid AND c.deleted_at IS NULL " rest \
  ")) r"

// The chain leads every index; the branches one may see name the chains.
inline constexpr pg::Query kFindRentalById{"rental_find_by_id", "SELECT " RENTAL_COLUMNS R"sql(
    FROM (SELECT DISTINCT b.chain_id FROM rental.branches b) chain, LATERAL
         (SELECT o.* FROM rental.rentals o
           WHERE o.chain_id = chain.chain_id AND o.id = $1::uuid LIMIT 1) r)sql"};

// $1 chain, $2 branch, $3 rental, $4 cart number (0: any), $5 phone hashes.
inline constexpr pg::Query kLockOpenRental{
    "rental_lock_open", "SELECT " RENTAL_COLUMNS
                        ", c.is_locked, k.online, extract(epoch FROM " OFFLINE_CREDIT(
                            "now()") ") AS credit"
                        R"sql(
    FROM rental.rentals r
    JOIN rental.carts c ON c.chain_id = r.chain_id AND c.id = r.cart_id
    JOIN rental.controllers k ON k.chain_id = r.chain_id AND k.controller_id = r.controller_id
   WHERE c.chain_id = $1::uuid AND c.branch_id = $2::uuid AND c.deleted_at IS NULL AND r.open
     AND ($3::uuid IS NULL OR r.id = $3::uuid)
     AND ($4::integer = 0 OR r.cart_number = $4)
     AND ($5::text[] = '{}' OR r.phone_hash = ANY ($5::text[]))
   ORDER BY r.start_time LIMIT 1
     FOR UPDATE OF r, c)sql"};

// $1 chain, $2 rental, $3 status, $4 at, $5 end reason, $6 ended by, $7 note, $8 cart status,
// $9 event id, $10 trace id, $11 audit.
inline constexpr pg::Query kEndRental{"rental_end_by_hand",
                                      R"sql(
  WITH moved AS (
    UPDATE rental.rentals r SET status = $3, actual_return = $4::timestamptz, end_reason = $5,
           ended_by = $6, notes = concat_ws(E'\n', nullif(r.notes, ''), nullif($7, '')),
           updated_at = now()
     WHERE r.chain_id = $1::uuid AND r.id = $2::uuid AND r.open
    RETURNING r.*, rental.rental_payload(r) AS payload
  ), cart AS (
    UPDATE rental.carts c SET status = $8, rests_since = $4, updated_at = now(),
           maintenance_notes = CASE WHEN $8 = 'MAINTENANCE'
             THEN right(concat_ws(E'\n', nullif(c.maintenance_notes, ''),
                                  'its rental was ended by hand, and its hook was not read closed'), 1000)
             ELSE c.maintenance_notes END
      FROM moved m
     WHERE c.chain_id = m.chain_id AND c.id = m.cart_id AND c.status = 'IN_USE'
  ), announced AS (
    INSERT INTO rental.outbox (chain_id, event_id, branch_id, device_id, type, subject,
                               occurred_at, payload, trace_id, audit)
    SELECT m.chain_id, $9::uuid, m.branch_id, m.device_id, 'rental.returned', m.id, $4, m.payload,
           $10, $11::jsonb
      FROM moved m
  )
  SELECT )sql" RENTAL_COLUMNS " FROM moved r"};

inline constexpr pg::Query kListActive{"rental_list_active", "SELECT " RENTAL_COLUMNS R"sql(
    FROM rental.carts c
    JOIN rental.rentals r ON r.chain_id = c.chain_id AND r.cart_id = c.id
     AND r.open
   WHERE c.chain_id = $1::uuid AND c.branch_id = $2::uuid AND c.deleted_at IS NULL
     AND (r.start_time, r.id) > ($3::timestamptz, $4::uuid)
   ORDER BY r.start_time, r.id LIMIT $5)sql"};

// $1 chain, $2 branch, $3 status, $4 phone hashes, $5 cart, $6 from, $7 until, $8 $9 before, $10
// limit.
inline constexpr pg::Query kListHistory{"rental_list_history", "SELECT " RENTAL_COLUMNS R"sql(
    FROM )sql" RENTALS_OF_BRANCH(R"sql(
     AND ($3::text IS NULL OR e.status = $3)
     AND ($4::text[] = '{}' OR e.phone_hash = ANY ($4::text[]))
     AND ($5::uuid IS NULL OR e.cart_id = $5::uuid)
     AND ($6::timestamptz IS NULL OR e.start_time >= $6::timestamptz)
     AND ($7::timestamptz IS NULL OR e.start_time < $7::timestamptz)
     AND (e.start_time, e.id) < ($8::timestamptz, $9::uuid)
   ORDER BY e.start_time DESC, e.id DESC LIMIT $10)sql") R"sql(
   ORDER BY r.start_time DESC, r.id DESC LIMIT $10)sql",
                                        pg::Query::Plan::kPerValues};

inline constexpr pg::Query kListOfPhone{"rental_list_of_phone", "SELECT " RENTAL_COLUMNS R"sql(
    FROM (SELECT DISTINCT b.chain_id FROM rental.branches b) chain, unnest($1::text[]) hash, LATERAL
         )sql" RENTALS_OF_PHONE("chain.chain_id", "hash", R"sql(
             AND (e.start_time, e.id) < ($2::timestamptz, $3::uuid)
           ORDER BY e.start_time DESC, e.id DESC LIMIT $4)sql") R"sql( r
   ORDER BY r.start_time DESC, r.id DESC LIMIT $4)sql"};

inline constexpr pg::Query kCountRentals{
    "rental_count", R"sql(
  SELECT count(*) FILTER (WHERE status NOT IN ('NOT_OPENED', 'CANCELLED')) AS total,
         count(*) FILTER (WHERE status IN ('OPENING', 'UNCONFIRMED', 'ACTIVE')) AS active,
         count(*) FILTER (WHERE status = 'OVERDUE') AS overdue,
         count(*) FILTER (WHERE status = 'RETURNED') AS returned,
         count(*) FILTER (WHERE status = 'RETURNED_LATE') AS returned_late,
         count(*) FILTER (WHERE status = 'NOT_TAKEN') AS not_taken,
         count(*) FILTER (WHERE status = 'NOT_OPENED') AS not_opened,
         coalesce(avg(extract(epoch FROM actual_return - start_time) / 60)
                    FILTER (WHERE status IN ('RETURNED', 'RETURNED_LATE')), 0)::float8 AS average,
         coalesce(max(floor(extract(epoch FROM actual_return - start_time) / 60))
                    FILTER (WHERE status IN ('RETURNED', 'RETURNED_LATE')), 0)::integer AS longest
    FROM )sql" RENTALS_OF_BRANCH(
                        "AND e.start_time >= $3::timestamptz AND e.start_time < $4::timestamptz")};

// Today is the branch's own day. $1 chain, $2 branch, $3 time zone.
inline constexpr pg::Query kCountBranch{"rental_count_branch", R"sql(
  SELECT cart.*, today.started, rented.open, rented.overdue
    FROM (SELECT count(*) AS carts,
                 count(*) FILTER (WHERE c.status = 'AVAILABLE' AND c.is_locked AND k.online
                                    AND NOT k.deleted) AS available,
                 count(*) FILTER (WHERE c.status = 'IN_USE') AS in_use,
                 count(*) FILTER (WHERE c.status = 'MAINTENANCE') AS maintenance,
                 count(*) FILTER (WHERE c.status = 'AVAILABLE' AND NOT (k.online AND NOT k.deleted))
                   AS offline
            FROM rental.carts c JOIN rental.controllers k
              ON k.chain_id = c.chain_id AND k.controller_id = c.controller_id
           WHERE c.chain_id = $1::uuid AND c.branch_id = $2::uuid AND c.deleted_at IS NULL) cart,
         (SELECT count(*) AS open, count(*) FILTER (WHERE r.status = 'OVERDUE') AS overdue
            FROM rental.carts c JOIN rental.rentals r
              ON r.chain_id = c.chain_id AND r.cart_id = c.id AND r.open
           WHERE c.chain_id = $1::uuid AND c.branch_id = $2::uuid) rented,
         (SELECT count(*) AS started FROM )sql" RENTALS_OF_BRANCH(R"sql(
             AND e.status NOT IN ('NOT_OPENED', 'CANCELLED')
             AND e.start_time >= date_trunc('day', now() AT TIME ZONE $3) AT TIME ZONE $3)sql") R"sql(
         ) today)sql"};

}  // namespace sql

namespace {

constexpr char kFirstId[] = "00000000-0000-0000-0000-000000000000";
constexpr char kLastId[] = "ffffffff-ffff-ffff-ffff-ffffffffffff";

std::vector<Rental> ReadRentals(const pg::Rows& rows) {
  std::vector<Rental> rentals;
  for (const pg::Row row : rows) rentals.push_back(ReadRental(row));
  return rentals;
}

int Count(const pg::Row& row, const char* column) {
  return static_cast<int>(row.Int(column));
}

}  // namespace

absl::StatusOr<Rental> PgStore::FindRental(const RentalId& id) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kFindRentalById, id));
  if (rows.empty()) return reasons::RentalNotFound();
  return ReadRental(rows.front());
}

absl::StatusOr<RentalInHand> PgStore::LockOpenRental(const Branch& branch,
                                                     const RentalChoice& choice) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      tx_.Run(sql::kLockOpenRental, branch.chain, branch.id, choice.id,
                              choice.cart_number, choice.phone_hashes));
  if (rows.empty()) return reasons::RentalNotFound();
  const pg::Row row = rows.front();
  return RentalInHand{.rental = ReadRental(row),
                      .is_locked = row.Bool("is_locked"),
                      .online = row.Bool("online"),
                      .offline_credit = absl::Seconds(row.Double("credit"))};
}

absl::StatusOr<Rental> PgStore::EndRental(const Rental& rental, const Ending& ending,
                                          const Caller& caller) {
  CW_ASSIGN_OR_RETURN(
      const pg::Rows rows,
      tx_.Run(sql::kEndRental, rental.chain, rental.id, Name(ending.status), ending.at,
              ending.reason, ending.by, ending.note, Name(ending.cart), NewUuid(), caller.trace_id,
              outbox::AuditColumn(AuditOf(caller, ending.note))));
  if (rows.empty()) return reasons::RentalNotFound();
  return ReadRental(rows.front());
}

absl::StatusOr<std::vector<Rental>> PgStore::ListActive(const Branch& branch,
                                                        const PageRequest& page) {
  const std::string after_time = page.after.empty() ? "-infinity" : page.after[0];
  const std::string after_id = page.after.empty() ? kFirstId : page.after[1];
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kListActive, branch.chain, branch.id,
                                                   after_time, after_id, page.size + 1));
  return ReadRentals(rows);
}

absl::StatusOr<std::vector<Rental>> PgStore::ListHistory(const Branch& branch,
                                                         const HistoryFilter& filter,
                                                         const PageRequest& page) {
  const std::optional<std::string> status =
      filter.status ? std::optional<std::string>(Name(*filter.status)) : std::nullopt;
  const std::string before_time = page.after.empty() ? "infinity" : page.after[0];
  const std::string before_id = page.after.empty() ? kLastId : page.after[1];
  CW_ASSIGN_OR_RETURN(
      const pg::Rows rows,
      tx_.Run(sql::kListHistory, branch.chain, branch.id, status, filter.phone_hashes, filter.cart,
              filter.from, filter.until, before_time, before_id, page.size + 1));
  return ReadRentals(rows);
}

absl::StatusOr<std::vector<Rental>> PgStore::ListOfPhone(const PhoneHashes& phone,
                                                         const PageRequest& page) {
  const std::string before_time = page.after.empty() ? "infinity" : page.after[0];
  const std::string before_id = page.after.empty() ? kLastId : page.after[1];
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      tx_.Run(sql::kListOfPhone, phone, before_time, before_id, page.size + 1));
  return ReadRentals(rows);
}

absl::StatusOr<RentalFigures> PgStore::CountRentals(const Branch& branch, absl::Time from,
                                                    absl::Time until) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      tx_.Run(sql::kCountRentals, branch.chain, branch.id, from, until));
  const pg::Row row = rows.front();
  return RentalFigures{.total = Count(row, "total"),
                       .active = Count(row, "active"),
                       .overdue = Count(row, "overdue"),
                       .returned = Count(row, "returned"),
                       .returned_late = Count(row, "returned_late"),
                       .not_taken = Count(row, "not_taken"),
                       .not_opened = Count(row, "not_opened"),
                       .average_minutes = row.Double("average"),
                       .longest_minutes = Count(row, "longest")};
}

absl::StatusOr<BranchFigures> PgStore::CountBranch(const Branch& branch) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      tx_.Run(sql::kCountBranch, branch.chain, branch.id, branch.time_zone));
  const pg::Row row = rows.front();
  return BranchFigures{.carts = Count(row, "carts"),
                       .available = Count(row, "available"),
                       .in_use = Count(row, "in_use"),
                       .maintenance = Count(row, "maintenance"),
                       .offline = Count(row, "offline"),
                       .rentals_open = Count(row, "open"),
                       .rentals_overdue = Count(row, "overdue"),
                       .rentals_today = Count(row, "started")};
}

}  // namespace cartwise::rental
