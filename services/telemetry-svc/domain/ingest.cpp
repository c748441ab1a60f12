#include "domain/ingest.hpp"

#include <algorithm>

#include <absl/strings/str_cat.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::telemetry {
namespace {

constexpr size_t kMaxTypeChars = 100;
constexpr size_t kMaxDataBytes = 16 * 1024;
constexpr absl::Duration kOldest = absl::Hours(7 * 24);
constexpr absl::Duration kMostAhead = absl::Minutes(5);

void CheckEvent(const UncheckedEvent& event, size_t index, absl::Time now,
                errors::FieldErrors& faults) {
  const auto require = [&](bool ok, const char* field, const char* message) {
    if (!ok) faults.Add(absl::StrCat("events[", index, "].", field), message);
  };
  require(event.id.empty() || IsUuid(event.id), "event_id", "must be a UUID");
  require(IsEventType(event.type), "event_type", "must be 1 to 100 characters of a-z 0-9 _ .");
  require(event.exact, "event_data",
          "must not hold NUL characters, or numbers beyond 1e18 or nearer to 0 than 1e-18");
  require(event.data.size() <= kMaxDataBytes, "event_data", "must be at most 16 KiB as JSON");
  require(DepthOf(event.data) <= kMaxDataDepth, "event_data", "must be nested at most 28 deep");
  if (!event.occurred_at) return;
  require(*event.occurred_at >= now - kOldest, "occurred_at", "must be at most 7 days old");
  require(*event.occurred_at <= now + kMostAhead, "occurred_at", "must be at most 5 minutes ahead");
}

}  // namespace

bool IsEventType(std::string_view type) {
  return !type.empty() && type.size() <= kMaxTypeChars &&
         std::all_of(type.begin(), type.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
         });
}

int DepthOf(std::string_view json) {
  int depth = 0, deepest = 0;
  bool in_text = false;
  for (size_t at = 0; at < json.size(); ++at) {
    switch (json[at]) {
      case '"':
        in_text = !in_text;
        break;
      case '\\':
        ++at;
        break;
      case '{':
      case '[':
        if (!in_text) deepest = std::max(deepest, ++depth);
        break;
      case '}':
      case ']':
        if (!in_text) --depth;
        break;
    }
  }
  return deepest;
}

absl::Status Ingest::OfDevice(const Caller& caller, const Origin& origin,
                              std::vector<UncheckedEvent> events,
                              absl::FunctionRef<void(const Ingested&)> answer) const {
  if (events.empty() || events.size() > kMaxBatch) {
    return errors::InvalidField("events", "must hold 1 to 500 events");
  }
  const absl::Time now = clock_.Now();
  errors::FieldErrors faults;
  for (size_t i = 0; i < events.size(); ++i) CheckEvent(events[i], i, now, faults);
  CW_RETURN_IF_ERROR(faults.ToStatus());

  std::vector<NewEvent> accepted;
  accepted.reserve(events.size());
  for (UncheckedEvent& event : events) {
    const bool may_repeat = !event.id.empty();
    accepted.push_back({may_repeat ? EventId(std::move(event.id)) : EventId::New(),
                        std::move(event.type), std::move(event.data),
                        event.occurred_at.value_or(now), may_repeat && !event.occurred_at});
  }
  const int all = static_cast<int>(accepted.size());
  return store_.AddOfDevice(caller, origin, accepted, [&](int stored) {
    answer({stored, all - stored});
  });
}

absl::Status Ingest::Deliver(const Caller& caller, const std::vector<PlacedEvent>& events) const {
  if (events.empty() || events.size() > kMaxBatch) {
    return errors::InvalidField("events", "must hold 1 to 500 events");
  }
  return store_.Add(caller, events).status();
}

}  // namespace cartwise::telemetry
