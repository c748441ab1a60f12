#include "domain/personal_data.hpp"

#include <algorithm>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/phone/mobile.hpp"
#include "domain/chains.hpp"
#include "domain/reasons.hpp"

namespace cartwise::tenant {
namespace {

constexpr absl::Duration kHolderTime = absl::Seconds(5);
constexpr absl::Duration kTryAgain = absl::Seconds(10);
constexpr int kAtOnce = 20;

Caller Myself(const Clock& clock) {
  Caller caller = Caller::Service("tenant-svc");
  caller.deadline = clock.Now() + absl::Seconds(60);
  return caller;
}

bool IsDone(const Erasure& erasure) {
  return std::all_of(erasure.parts.begin(), erasure.parts.end(),
                     [](const ErasurePart& part) { return part.erased_at.has_value(); });
}

}  // namespace

absl::StatusOr<Person> PersonalData::PersonOf(const Caller& staff, const ChainId& chain,
                                              const std::string& phone) const {
  if (!staff.HasChainRole(Role::kAdmin)) return reasons::WholeChainOnly();
  Person person;
  CW_ASSIGN_OR_RETURN(person.phone, phone::ParseMobile("user_phone", phone));
  CW_RETURN_IF_ERROR(parts_.tenants.Read(staff, [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(person.chain, HoldChainFor(store, staff, chain));
    return absl::OkStatus();
  }));
  return person;
}

absl::StatusOr<std::vector<Holding>> PersonalData::Export(const Caller& caller,
                                                          const Person& person) const {
  std::vector<Holding> all;
  for (DataHolder* const holder : parts_.holders) {
    auto json = holder->Export(person, caller.deadline);
    if (!json.ok()) return reasons::HolderAway(holder->Name());
    all.push_back({holder->Name(), *std::move(json)});
  }
  // People may look at their own without a word.
  if (!caller.HasRoles()) return all;
  CW_RETURN_IF_ERROR(parts_.erasures.Write(caller, [&](ErasureStore& store) {
    return store.Announce(ChangeBy(caller, "personal_data.exported", parts_.clock.Now()),
                          Thing{person.chain, {}, parts_.secrets.Keyed("phone", person.phone)});
  }));
  return all;
}

// Asked of all before any of them erases, so that a refusal leaves everything
// as it was. Who is away is asked again when erasing.
absl::Status PersonalData::CheckErasable(const Caller& caller, const Person& person) const {
  for (DataHolder* const holder : parts_.holders) {
    const auto may = holder->Erase({.person = person, .handle = {}, .check_only = true},
                                   std::min(caller.deadline, parts_.clock.Now() + kHolderTime));
    if (absl::IsFailedPrecondition(may.status())) return may.status();
  }
  return absl::OkStatus();
}

absl::StatusOr<Erasure> PersonalData::Erase(const Caller& caller, const Person& person) {
  CW_RETURN_IF_ERROR(CheckErasable(caller, person));
  Erasure erasure;
  erasure.id = ErasureId::New();
  erasure.chain = person.chain;
  erasure.phone_hash = parts_.secrets.Keyed("phone", person.phone);
  erasure.phone_sealed = parts_.seal.Seal(person.phone, erasure.id);
  erasure.requested_by = caller.Label();
  erasure.requested_at = parts_.clock.Now();
  for (const DataHolder* const holder : parts_.holders) {
    erasure.parts.push_back({.holder = holder->Name(), .handle = {}});
  }
  CW_RETURN_IF_ERROR(parts_.erasures.Write(caller, [&](ErasureStore& store) -> absl::Status {
    CW_RETURN_IF_ERROR(store.InsertErasure(erasure));
    return store.Announce(ChangeBy(caller, "personal_data.erasure_requested", erasure.requested_at),
                          Thing{erasure.chain, {}, erasure.id.value()});
  }));
  // What is written down will be done, whatever becomes of this first try.
  Pursue(caller, erasure).IgnoreError();
  return erasure;
}

absl::StatusOr<Erasure> PersonalData::Find(const Caller& caller, const ErasureId& id) const {
  const bool shopper = caller.principal == Principal::kShopper;
  if (!shopper && !caller.HasChainRole(Role::kAdmin)) return reasons::WholeChainOnly();
  std::optional<Erasure> found;
  CW_RETURN_IF_ERROR(parts_.erasures.Read(caller, [&](ErasureStore& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(found, store.FindErasure(id));
    return absl::OkStatus();
  }));
  if (!found) return reasons::ErasureNotFound();
  if (shopper) {
    const KeyedHashes own = parts_.secrets.KeyedAll("phone", caller.phone);
    if (std::find(own.begin(), own.end(), found->phone_hash) == own.end()) {
      return reasons::ErasureNotFound();
    }
  }
  return *std::move(found);
}

absl::Status PersonalData::Pursue(const Caller& caller, Erasure& erasure) {
  ErasureOrder order{.person = {erasure.chain, ""}, .handle = {}};
  if (!erasure.phone_sealed.empty()) {
    CW_ASSIGN_OR_RETURN(order.person.phone, parts_.seal.Open(erasure.phone_sealed, erasure.id));
  }
  for (ErasurePart& part : erasure.parts) {
    const auto holder =
        std::find_if(parts_.holders.begin(), parts_.holders.end(),
                     [&](const DataHolder* other) { return other->Name() == part.holder; });
    if (part.erased_at || holder == parts_.holders.end()) continue;
    order.handle = part.handle;
    const auto erased = (*holder)->Erase(order, parts_.clock.Now() + kHolderTime);
    if (!erased.ok()) continue;
    part.handle = erased->handle;
    part.rows_erased += erased->rows;
    part.erased_at = parts_.clock.Now();
  }
  if (IsDone(erasure)) {
    erasure.done_at = parts_.clock.Now();
    erasure.phone_sealed.clear();
  }
  Caller lasting = caller;
  lasting.deadline = std::max(caller.deadline, parts_.clock.Now() + kHolderTime);
  CW_RETURN_IF_ERROR(parts_.erasures.Write(lasting, [&](ErasureStore& store) -> absl::Status {
    CW_RETURN_IF_ERROR(store.SaveProgress(erasure, parts_.clock.Now()));
    if (!erasure.done_at) return absl::OkStatus();
    Caller myself = Myself(parts_.clock);
    myself.trace_id = caller.trace_id;
    return store.Announce(ChangeBy(myself, "personal_data.erased", *erasure.done_at),
                          Thing{erasure.chain, {}, erasure.id.value()});
  }));
  if (erasure.done_at) parts_.witness.Done(erasure);
  return absl::OkStatus();
}

absl::StatusOr<PersonalData::Turn> PersonalData::GoOn() {
  const Caller myself = Myself(parts_.clock);
  const absl::Time now = parts_.clock.Now();
  std::vector<Erasure> running;
  CW_RETURN_IF_ERROR(parts_.erasures.Write(myself, [&](ErasureStore& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(running, store.ClaimRunning(now - kTryAgain, now, kAtOnce));
    return absl::OkStatus();
  }));
  Turn turn;
  for (Erasure& erasure : running) {
    CW_RETURN_IF_ERROR(Pursue(myself, erasure));
    ++(erasure.done_at ? turn.done : turn.left);
  }
  return turn;
}

absl::StatusOr<int> PersonalData::Remember(const std::vector<Erasure>& erasures) {
  int remembered = 0;
  for (const Erasure& erasure : erasures) {
    CW_RETURN_IF_ERROR(
        parts_.erasures.Write(Myself(parts_.clock), [&](ErasureStore& store) -> absl::Status {
          CW_ASSIGN_OR_RETURN(const bool inserted, store.InsertDone(erasure));
          remembered += inserted ? 1 : 0;
          return absl::OkStatus();
        }));
  }
  return remembered;
}

absl::StatusOr<int> PersonalData::EraseAgain(absl::Time since) {
  int reopened = 0;
  CW_RETURN_IF_ERROR(
      parts_.erasures.Write(Myself(parts_.clock), [&](ErasureStore& store) -> absl::Status {
        CW_ASSIGN_OR_RETURN(reopened, store.Reopen(since));
        return absl::OkStatus();
      }));
  return reopened;
}

}  // namespace cartwise::tenant
