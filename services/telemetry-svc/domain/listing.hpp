#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "cartwise/base/page.hpp"
#include "domain/events.hpp"

namespace cartwise::telemetry {

/// What a list is asked for, besides its subject.
struct ListFilter {
  int page_size = 0;
  std::string page_token;
  std::string type;  ///< empty: all; "lock.closed"; "lock.*"
  std::optional<absl::Time> from, until;
};

struct RecordPage {
  std::vector<Record> records;
  std::string next_page_token;  ///< empty on the last page
};

/// Lists the record, newest first. Thread-safe.
///
/// What the caller may not see is not there: a foreign device or branch lists
/// nothing, as an absent one does.
class Listing {
 public:
  explicit Listing(EventStore& store) : store_(store) {}

  /// INVALID_FIELD for an unreadable page token, type or time span.
  absl::StatusOr<RecordPage> OfDevice(const Caller& caller, const DeviceId& device,
                                      const ListFilter& filter) const;
  absl::StatusOr<RecordPage> OfBranch(const Caller& caller, const BranchId& branch,
                                      const ListFilter& filter) const;
  absl::StatusOr<RecordPage> OfChain(const Caller& caller, const ChainId& chain,
                                     const ListFilter& filter) const;

 private:
  absl::StatusOr<RecordPage> Run(const Caller& caller, Query query, const ListFilter& filter) const;

  EventStore& store_;
};

}  // namespace cartwise::telemetry
