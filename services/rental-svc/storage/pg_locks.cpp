#include <absl/time/clock.h>

#include "cartwise/base/status_macros.hpp"
#include "storage/by_cart.hpp"
#include "storage/lock_sql.hpp"
#include "storage/pg_facts.hpp"

namespace cartwise::rental {
namespace {

constexpr absl::Duration kOwnTime = absl::Seconds(5);
constexpr int kFirstLock = 1, kLastLock = 16;  // of a board

LockView ReadView(const pg::Row& row) {
  LockView view;
  view.cart = row.As<CartId>("cart");
  view.branch = row.As<BranchId>("cart_branch");
  view.cart_number = int(row.Int("number"));
  view.status = *CartStatusFromName(row.Text("cart_status"));
  view.is_locked = row.Bool("is_locked");
  view.has_ir = row.Bool("has_ir");
  if (row.Bool("rented")) view.rental = ReadRental(row);
  if (view.rental) view.offline_credit = absl::Seconds(row.Double("offline_seconds"));
  view.staff_unlock = row.As<CommandId>("staff_unlock");
  if (!row.IsNull("ended_rental_opened")) {
    view.ended_rental_opened = row.Bool("ended_rental_opened");
  }
  view.seen = row.Bool("seen");
  return view;
}

const char* NameOf(Verdict::OfRental what) {
  switch (what) {
    case Verdict::OfRental::kLeave:
      return "LEAVE";
    case Verdict::OfRental::kActivate:
      return "ACTIVATE";
    case Verdict::OfRental::kEnd:
      return "END";
  }
  return "LEAVE";
}

std::vector<pg::Param> LookAt(const LockChange& about, int first, int last) {
  return {about.chain,  about.controller,  first, about.event, about.command,
          about.device, about.occurred_at, last};
}

std::vector<pg::Param> Carrying(const Ruling& ruling) {
  using MaybeText = std::optional<std::string>;
  const auto& [about, view, verdict, record] = ruling;
  const auto text = [&record = record](std::string Recorded::*member) {
    return record ? (*record).*member : std::string();
  };
  return {about->chain,
          view.cart,
          view.rental ? view.rental->id : RentalId(),
          view.rental ? Name(view.rental->status) : std::string(),
          NameOf(verdict.rental),
          Name(verdict.end_status),
          verdict.end_reason,
          verdict.ended_by,
          verdict.at,
          verdict.clock_is_off ? std::optional<int64_t>(about->sequence) : std::nullopt,
          verdict.clock_is_off ? std::optional<absl::Time>(about->occurred_at) : std::nullopt,
          verdict.cart_status ? MaybeText(Name(*verdict.cart_status)) : std::nullopt,
          verdict.is_locked,
          verdict.note,
          verdict.cart_event,
          verdict.closes_staff_unlock ? view.staff_unlock : CommandId(),
          about->event,
          NewUuid(),
          NewUuid(),
          about->device,
          about->controller,
          about->lock,
          record ? MaybeText(record->rule) : std::nullopt,
          text(&Recorded::decision),
          text(&Recorded::cloud_said),
          text(&Recorded::lock_said),
          about->occurred_at,
          NewUuid(),
          Name(view.status)};
}

}  // namespace

absl::StatusOr<std::vector<pg::Rows>> PgFacts::RunEach(const ChainId& chain, const pg::Query& query,
                                                       std::vector<std::vector<pg::Param>> each) {
  return pool_.OnceEach(pg::Tenant::Of(chain), absl::Now() + kOwnTime, query, std::move(each));
}

absl::StatusOr<std::vector<std::optional<LockView>>> PgFacts::Look(
    std::span<const LockChange* const> changes) {
  std::vector<std::vector<pg::Param>> each;
  for (const LockChange* change : changes) {
    each.push_back(LookAt(*change, change->lock, change->lock));
  }
  CW_ASSIGN_OR_RETURN(const auto found,
                      RunEach(changes.front()->chain, sql::kLook, std::move(each)));
  std::vector<std::optional<LockView>> views;
  for (const pg::Rows& rows : found) {
    views.push_back(rows.empty() ? std::nullopt : std::optional(ReadView(rows.front())));
  }
  return views;
}

absl::StatusOr<std::vector<std::pair<int, LockView>>> PgFacts::LookAtBoard(
    const LockChange& about) {
  CW_ASSIGN_OR_RETURN(const auto found,
                      RunEach(about.chain, sql::kLook, {LookAt(about, kFirstLock, kLastLock)}));
  std::vector<std::pair<int, LockView>> views;
  for (const pg::Row row : found.front()) views.emplace_back(int(row.Int("lock")), ReadView(row));
  return views;
}

absl::StatusOr<std::vector<bool>> PgFacts::Apply(std::span<const Ruling> rulings) {
  std::vector<OfCart> each;
  for (const Ruling& ruling : rulings) each.push_back({ruling.view.cart, Carrying(ruling)});
  CW_ASSIGN_OR_RETURN(const auto carried,
                      OnceEachByCart(pool_, rulings.front().about->chain, absl::Now() + kOwnTime,
                                     sql::kApply, std::move(each)));
  std::vector<bool> applied;
  for (const pg::Rows& rows : carried) {
    // Fresh: done now. Seen without fresh: done before. Neither: the guard held it back.
    applied.push_back(rows.front().Bool("fresh") || rows.front().Bool("seen"));
  }
  return applied;
}

absl::Status PgFacts::MarkSeen(const ChainId& chain, const EventId& event) {
  return pool_.Once(pg::Tenant::Of(chain), absl::Now() + kOwnTime, sql::kMarkSeen, chain, event)
      .status();
}

}  // namespace cartwise::rental
