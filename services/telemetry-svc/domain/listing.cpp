#include "domain/listing.hpp"

#include <absl/strings/numbers.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/ingest.hpp"

namespace cartwise::telemetry {
namespace {

// A page ends early when its events grow beyond this, so that it fits a message.
constexpr size_t kPageBytes = 512 * 1024;

absl::Status SetType(std::string type, Query& query) {
  query.type_prefix = type.empty() || type.back() == '*';
  if (!type.empty() && query.type_prefix) type.pop_back();
  if (!type.empty() && !IsEventType(type)) {
    return errors::InvalidField("event_type",
                                "must be 1 to 100 characters of a-z 0-9 _ . and may end with *");
  }
  query.type = std::move(type);
  return absl::OkStatus();
}

absl::Status SetAfter(const std::vector<std::string>& key, Query& query) {
  if (key.empty()) return absl::OkStatus();
  int64_t micros = 0;
  if (!absl::SimpleAtoi(key[0], &micros) || !IsUuid(key[1])) {
    return BadPageToken();
  }
  query.after = {absl::FromUnixMicros(micros), EventId(key[1])};
  return absl::OkStatus();
}

std::string TokenAfter(const Record& record) {
  const NewEvent& event = record.placed.event;
  return PageToken({std::to_string(absl::ToUnixMicros(event.occurred_at)), event.id.value()});
}

// How many records from the front make a page of `size`.
size_t PageLength(const std::vector<Record>& records, size_t size) {
  size_t bytes = 0, length = 0;
  while (length < records.size() && length < size) {
    bytes += records[length].placed.event.data.size();
    if (length > 0 && bytes > kPageBytes) break;
    ++length;
  }
  return length;
}

}  // namespace

absl::StatusOr<RecordPage> Listing::OfDevice(const Caller& caller, const DeviceId& device,
                                             const ListFilter& filter) const {
  Query query;
  query.chain = caller.chain;
  query.device = device;
  return Run(caller, std::move(query), filter);
}

absl::StatusOr<RecordPage> Listing::OfBranch(const Caller& caller, const BranchId& branch,
                                             const ListFilter& filter) const {
  Query query;
  query.chain = caller.chain;
  query.branch = branch;
  return Run(caller, std::move(query), filter);
}

absl::StatusOr<RecordPage> Listing::OfChain(const Caller& caller, const ChainId& chain,
                                            const ListFilter& filter) const {
  Query query;
  query.chain = chain;
  return Run(caller, std::move(query), filter);
}

absl::StatusOr<RecordPage> Listing::Run(const Caller& caller, Query query,
                                        const ListFilter& filter) const {
  CW_ASSIGN_OR_RETURN(const PageRequest page, ParsePage(filter.page_size, filter.page_token, 2));
  CW_RETURN_IF_ERROR(SetAfter(page.after, query));
  CW_RETURN_IF_ERROR(SetType(filter.type, query));
  if (filter.from) query.from = *filter.from;
  if (filter.until) query.until = *filter.until;
  if (query.from > query.until) return errors::InvalidField("until", "must not be before from");
  // A device sees what it said itself, wherever it stood.
  if (caller.HasRoles()) query.visible = caller.VisibleBranches();
  // One more than asked tells whether there is a next page.
  query.limit = page.size + 1;

  RecordPage answer;
  CW_ASSIGN_OR_RETURN(answer.records, store_.List(caller, query));
  const size_t length = PageLength(answer.records, static_cast<size_t>(page.size));
  if (length < answer.records.size()) {
    answer.next_page_token = TokenAfter(answer.records[length - 1]);
    answer.records.erase(answer.records.begin() + static_cast<std::ptrdiff_t>(length),
                         answer.records.end());
  }
  return answer;
}

}  // namespace cartwise::telemetry
