#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/database.hpp"
#include "cartwise/base/event.hpp"
#include "cartwise/base/page.hpp"
#include "domain/listing.hpp"

namespace cartwise::tenant {

/// One line of the audit log. A plain value.
struct AuditEntry {
  ChainId chain;   ///< the nil UUID for what concerns no chain
  int64_t no = 0;  ///< 1, 2, 3 ... within the chain
  EventId event;
  absl::Time occurred_at;  ///< both to the microsecond
  absl::Time recorded_at;
  std::string source;  ///< the service that told of it
  std::string actor, role;
  std::string action;     ///< the event's type: "branch.updated"
  std::string object_id;  ///< of what the action's first word names
  BranchId branch;
  DeviceId device;
  std::string reason, address, trace_id;
  std::string hash;  ///< 32 bytes

  /// Everything but the hash, so that no two entries have the same bytes:
  /// each value as its length in decimal, a colon, and itself.
  std::string CanonicalBytes() const;
};

/// What stands before the first entry of a chain: 32 zero bytes.
std::string NoHash();

/// SHA-256 of its argument, 32 bytes.
using Digest = std::string (*)(std::string_view);

/// The hash of an entry after one with the hash `previous`.
std::string HashOf(const AuditEntry& entry, const std::string& previous, Digest digest);

/// The newest entry of a chain.
struct AuditHead {
  ChainId chain;
  int64_t no = 0;
  std::string hash = NoHash();
};

struct AuditFilter {
  ChainId chain;
  std::string actor;   ///< whole
  std::string action;  ///< whole, or its beginning up to a dot: "branch" or "branch.updated"
  std::string object_id;
  BranchId branch;
  std::string trace_id;
  std::optional<absl::Time> from, until;  ///< of occurred_at; from included
};

/// The audit log, within one transaction.
class AuditStore {
 public:
  virtual ~AuditStore() = default;

  /// The head of a chain (made when there is none); whoever else holds it waits
  /// until the transaction ends.
  virtual absl::StatusOr<AuditHead> HoldHead(const ChainId& chain) = 0;
  virtual absl::Status MoveHead(const AuditHead& head) = 0;
  /// Those of `events` that have an entry already.
  virtual absl::StatusOr<std::vector<EventId>> Known(const ChainId& chain,
                                                     const std::vector<EventId>& events) = 0;
  /// ALREADY_EXISTS when one of them has an entry.
  virtual absl::Status Insert(const std::vector<AuditEntry>& entries) = 0;

  /// Newest first; up to one more than the page holds.
  virtual absl::StatusOr<std::vector<AuditEntry>> List(const AuditFilter& filter, int64_t before_no,
                                                       int most) = 0;

  // For the verifier.
  virtual absl::StatusOr<std::vector<AuditHead>> Heads() = 0;
  /// The head as it stands; number 0 when there is none.
  virtual absl::StatusOr<AuditHead> FindHead(const ChainId& chain) = 0;
  /// Oldest first, after this number.
  virtual absl::StatusOr<std::vector<AuditEntry>> Walk(const ChainId& chain, int64_t after_no,
                                                       int most) = 0;
};

using AuditDatabase = Database<AuditStore>;

/// Writes the audited ones of `events` down, each once however often it is
/// told, in one transaction. Waiting for a connection ends at `deadline`.
/// Thread-safe, also against other processes.
absl::Status Record(AuditDatabase& database, const std::vector<Event>& events, absl::Time now,
                    absl::Time deadline, Digest digest);

/// Entries of one chain, for those who administer the whole of it.
/// WHOLE_CHAIN_ONLY, CHAIN_NOT_FOUND, INVALID_FIELD.
absl::StatusOr<Listing<AuditEntry>> ListAudit(AuditStore& store, const Caller& caller,
                                              AuditFilter filter, const PageRequest& page);

/// What the verifier found in one chain.
struct AuditFinding {
  int64_t entries = 0;  ///< that were looked at
  std::string hash;     ///< of the last of them
  std::string fault;    ///< the first broken entry and what is wrong; empty when intact
};

/// Walks the entries of one chain from the first on.
absl::StatusOr<AuditFinding> VerifyChain(AuditStore& store, const ChainId& chain, Digest digest);

}  // namespace cartwise::tenant
