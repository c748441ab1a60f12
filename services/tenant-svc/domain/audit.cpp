#include "domain/audit.hpp"

#include <limits>
#include <map>
#include <set>

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/reasons.hpp"

namespace cartwise::tenant {
namespace {

constexpr int kWalkAtOnce = 1000;
constexpr char kPlatform[] = "00000000-0000-0000-0000-000000000000";

absl::Time ToMicroseconds(absl::Time time) {
  return absl::FromUnixMicros(absl::ToUnixMicros(time));
}

AuditEntry EntryOf(const Event& event, absl::Time now) {
  AuditEntry entry;
  entry.chain = event.chain.empty() ? ChainId(kPlatform) : event.chain;
  entry.event = event.id;
  entry.occurred_at = ToMicroseconds(event.occurred_at);
  entry.recorded_at = ToMicroseconds(now);
  entry.source = event.source;
  entry.actor = event.audit->actor;
  entry.role = event.audit->role;
  entry.action = event.type;
  entry.object_id = event.subject;
  entry.branch = event.branch;
  entry.device = event.device;
  entry.reason = event.audit->reason;
  entry.address = event.audit->address;
  entry.trace_id = event.trace_id;
  return entry;
}

/// Whether events may have been told before.
enum class Telling { kFirst, kMaybeAgain };

absl::Status RecordIn(AuditStore& store, std::vector<AuditEntry> entries, Telling telling,
                      Digest digest) {
  // Held before looking what is known, so that two who bring the same take turns.
  CW_ASSIGN_OR_RETURN(AuditHead head, store.HoldHead(entries.front().chain));
  std::set<EventId> seen;
  if (telling == Telling::kMaybeAgain) {
    std::vector<EventId> told;
    told.reserve(entries.size());
    for (const AuditEntry& entry : entries) told.push_back(entry.event);
    CW_ASSIGN_OR_RETURN(const auto known, store.Known(head.chain, told));
    seen.insert(known.begin(), known.end());
  }
  std::vector<AuditEntry> fresh;
  for (AuditEntry& entry : entries) {
    if (!seen.insert(entry.event).second) continue;
    entry.no = head.no + 1;
    entry.hash = HashOf(entry, head.hash, digest);
    head.no = entry.no;
    head.hash = entry.hash;
    fresh.push_back(std::move(entry));
  }
  if (fresh.empty()) return absl::OkStatus();
  CW_RETURN_IF_ERROR(store.Insert(fresh));
  return store.MoveHead(head);
}

// Walks on from where `found` is. False at the first broken entry.
absl::StatusOr<bool> WalkOn(AuditStore& store, const ChainId& chain, Digest digest,
                            AuditFinding& found) {
  for (;;) {
    CW_ASSIGN_OR_RETURN(const auto entries, store.Walk(chain, found.entries, kWalkAtOnce));
    if (entries.empty()) return true;
    for (const AuditEntry& entry : entries) {
      if (entry.no != found.entries + 1) {
        found.fault = absl::StrCat("entry ", found.entries + 1, " is missing");
      } else if (HashOf(entry, found.hash, digest) != entry.hash) {
        found.fault = absl::StrCat("entry ", entry.no, " was changed or moved: its hash does not",
                                   " follow from it and the entry before");
      }
      if (!found.fault.empty()) return false;
      found.entries = entry.no;
      found.hash = entry.hash;
    }
  }
}

}  // namespace

std::string AuditEntry::CanonicalBytes() const {
  std::string bytes;
  const auto put = [&bytes](std::string_view text) {
    absl::StrAppend(&bytes, text.size(), ":");
    bytes.append(text);
  };
  put(chain.value());
  put(std::to_string(no));
  put(event.value());
  put(std::to_string(absl::ToUnixMicros(occurred_at)));
  put(std::to_string(absl::ToUnixMicros(recorded_at)));
  for (const std::string* text : {&source, &actor, &role, &action, &object_id}) put(*text);
  put(branch.value());
  put(device.value());
  for (const std::string* text : {&reason, &address, &trace_id}) put(*text);
  return bytes;
}

std::string NoHash() {
  return std::string(32, '\0');
}

std::string HashOf(const AuditEntry& entry, const std::string& previous, Digest digest) {
  return digest(previous + entry.CanonicalBytes());
}

absl::Status Record(AuditDatabase& database, const std::vector<Event>& events, absl::Time now,
                    absl::Time deadline, Digest digest) {
  // In the order of ids, so that no two who record wait for each other.
  std::map<std::string, std::vector<AuditEntry>> chains;
  for (const Event& event : events) {
    if (!event.audit) continue;
    AuditEntry entry = EntryOf(event, now);
    chains[entry.chain.value()].push_back(std::move(entry));
  }
  if (chains.empty()) return absl::OkStatus();
  Caller self = Caller::Service("tenant-svc");
  self.deadline = deadline;
  const auto record = [&](Telling telling) {
    return database.Write(self, [&](AuditStore& store) -> absl::Status {
      for (const auto& [chain, entries] : chains) {
        CW_RETURN_IF_ERROR(RecordIn(store, entries, telling, digest));
      }
      return absl::OkStatus();
    });
  };
  // Hardly any event is told twice: the look what is known is saved until the
  // database refuses one.
  const absl::Status recorded = record(Telling::kFirst);
  return absl::IsAlreadyExists(recorded) ? record(Telling::kMaybeAgain) : recorded;
}

absl::StatusOr<Listing<AuditEntry>> ListAudit(AuditStore& store, const Caller& caller,
                                              AuditFilter filter, const PageRequest& page) {
  if (caller.IsPlatformAdmin() && filter.chain.empty()) {
    return errors::InvalidField("chain_id", "is required for a platform admin");
  }
  if (filter.chain.empty()) filter.chain = caller.chain;
  if (!caller.IsPlatformAdmin() && filter.chain != caller.chain) return reasons::ChainNotFound();
  if (!caller.HasChainRole(Role::kAdmin)) return reasons::WholeChainOnly();
  int64_t before = std::numeric_limits<int64_t>::max();
  if (!page.after.empty() && !absl::SimpleAtoi(page.after[0], &before)) {
    return BadPageToken();
  }
  CW_ASSIGN_OR_RETURN(auto rows, store.List(filter, before, page.size + 1));
  return ToListing(std::move(rows), page, [](const AuditEntry& last) {
    return std::vector<std::string>{std::to_string(last.no)};
  });
}

absl::StatusOr<AuditFinding> VerifyChain(AuditStore& store, const ChainId& chain, Digest digest) {
  AuditFinding found{0, NoHash(), ""};
  int64_t earlier_head = -1;
  for (;;) {
    // The head first: entries that are added meanwhile come after it.
    CW_ASSIGN_OR_RETURN(const AuditHead head, store.FindHead(chain));
    CW_ASSIGN_OR_RETURN(const bool whole, WalkOn(store, chain, digest, found));
    if (!whole) return found;
    if (found.entries < head.no) {
      found.fault =
          absl::StrCat("entry ", found.entries + 1, " is missing: the head tells of ", head.no);
    } else if (found.entries == head.no && found.hash != head.hash) {
      found.fault = absl::StrCat("the head does not match entry ", head.no);
    } else if (found.entries > head.no && head.no == earlier_head) {
      found.fault = absl::StrCat("entry ", head.no + 1, " stands after the head");
    }
    if (!found.fault.empty() || found.entries == head.no) return found;
    earlier_head = head.no;
  }
}

}  // namespace cartwise::tenant
