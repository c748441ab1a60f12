#include "api/translation.hpp"

#include <algorithm>
#include <array>

#include <absl/strings/str_cat.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/rpc/struct_json.hpp"

namespace cartwise::telemetry {
namespace {

using google::protobuf::Struct;
using google::protobuf::Timestamp;
using google::protobuf::Value;

// Whole microseconds, as PostgreSQL keeps them: a repeat must find its first.
absl::Time FromProto(const Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Microseconds(time.nanos() / 1000);
}

void SetTimestamp(absl::Time time, Timestamp& out) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  out.set_seconds(seconds);
  out.set_nanos(static_cast<int>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

bool IsValid(const Timestamp& time) {
  return time.seconds() >= -62'135'596'800 && time.seconds() <= 253'402'300'799 &&
         time.nanos() >= 0 && time.nanos() <= 999'999'999;
}

// Of objects and lists only those within the next `levels` stay.
void Cut(Value& value, int levels) {
  if (!value.has_struct_value() && !value.has_list_value()) return;
  if (levels == 0) return value.set_null_value(google::protobuf::NULL_VALUE);
  if (value.has_list_value()) {
    for (Value& element : *value.mutable_list_value()->mutable_values()) Cut(element, levels - 1);
    return;
  }
  for (auto& [name, member] : *value.mutable_struct_value()->mutable_fields()) {
    Cut(member, levels - 1);
  }
}

std::string PayloadOf(const events::v1::Event& event) {
  Struct payload = event.payload();
  auto& fields = *payload.mutable_fields();
  if (!event.source().empty() && !fields.contains("source")) {
    fields["source"].set_string_value(event.source());
  }
  if (!event.subject().empty() && !fields.contains("subject")) {
    fields["subject"].set_string_value(event.subject());
  }
  bool exact = true;
  std::string json = rpc::ToJson(payload, exact);
  if (DepthOf(json) <= kMaxDataDepth) return json;
  for (auto& [name, member] : fields) Cut(member, kMaxDataDepth - 1);
  return rpc::ToJson(payload, exact);
}

Standing::Token TokenBy(const std::string& event_type) {
  if (event_type == "device.token_rotated") return Standing::Token::kReplaced;
  if (event_type == "device.token_voided") return Standing::Token::kVoided;
  return Standing::Token::kKept;
}

// device-svc also passes on what agents tell, under their own name.
std::optional<Standing> StandingOf(const events::v1::Event& event) {
  static constexpr std::array<std::string_view, 4> kLifecycles = {"PROVISIONED", "ACTIVE",
                                                                  "QUARANTINED", "RETIRED"};
  if (event.source() != "device-svc" || !event.type().starts_with("device.")) return std::nullopt;
  const auto& fields = event.payload().fields();
  const auto found = fields.find("lifecycle");
  if (event.device_id().empty() || found == fields.end()) return std::nullopt;
  const std::string& lifecycle = found->second.string_value();
  if (std::find(kLifecycles.begin(), kLifecycles.end(), lifecycle) == kLifecycles.end()) {
    return std::nullopt;
  }
  return Standing{lifecycle, TokenBy(event.type())};
}

absl::StatusOr<PlacedEvent> FromProto(const events::v1::Event& event, const std::string& at) {
  PlacedEvent placed;
  CW_ASSIGN_OR_RETURN(placed.event.id, ParseId<EventId>(at + "id", event.id()));
  CW_ASSIGN_OR_RETURN(placed.chain, ParseId<ChainId>(at + "chain_id", event.chain_id()));
  if (!event.branch_id().empty()) {
    CW_ASSIGN_OR_RETURN(placed.branch, ParseId<BranchId>(at + "branch_id", event.branch_id()));
  }
  if (!event.device_id().empty()) {
    CW_ASSIGN_OR_RETURN(placed.device, ParseId<DeviceId>(at + "device_id", event.device_id()));
  }
  errors::FieldErrors faults;
  faults.Require(IsEventType(event.type()), at + "type",
                 "must be 1 to 100 characters of a-z 0-9 _ .");
  faults.Require(event.has_occurred_at() && IsValid(event.occurred_at()), at + "occurred_at",
                 "must be a time of the years 1 to 9999");
  CW_RETURN_IF_ERROR(faults.ToStatus());
  placed.event.type = event.type();
  placed.event.occurred_at = FromProto(event.occurred_at());
  placed.event.data = PayloadOf(event);
  placed.event.time_may_change = event.source() == "agent";
  placed.standing = StandingOf(event);
  return placed;
}

void ToProto(const Record& record, v1::TelemetryRecord& out) {
  const PlacedEvent& placed = record.placed;
  out.set_event_id(placed.event.id.value());
  out.set_chain_id(placed.chain.value());
  out.set_branch_id(placed.branch.value());
  out.set_device_id(placed.device.value());
  out.set_event_type(placed.event.type);
  // It was written by rpc::ToJson, so it reads back.
  if (auto data = rpc::ToStruct(placed.event.data)) *out.mutable_event_data() = *std::move(data);
  SetTimestamp(placed.event.occurred_at, *out.mutable_occurred_at());
  SetTimestamp(record.received_at, *out.mutable_received_at());
}

}  // namespace

std::vector<UncheckedEvent> FromProto(
    const google::protobuf::RepeatedPtrField<v1::NewTelemetry>& events) {
  std::vector<UncheckedEvent> out;
  out.reserve(static_cast<size_t>(events.size()));
  for (const v1::NewTelemetry& event : events) {
    UncheckedEvent& unchecked = out.emplace_back();
    unchecked.id = event.event_id();
    unchecked.type = event.event_type();
    unchecked.data = rpc::ToJson(event.event_data(), unchecked.exact);
    if (event.has_occurred_at()) {
      // A time that is none is far away, and refused as such.
      unchecked.occurred_at =
          IsValid(event.occurred_at()) ? FromProto(event.occurred_at()) : absl::InfinitePast();
    }
  }
  return out;
}

absl::StatusOr<std::vector<PlacedEvent>> FromProto(const events::v1::DeliverRequest& request) {
  std::vector<PlacedEvent> events;
  events.reserve(static_cast<size_t>(request.events_size()));
  for (int i = 0; i < request.events_size(); ++i) {
    CW_ASSIGN_OR_RETURN(events.emplace_back(),
                        FromProto(request.events(i), absl::StrCat("events[", i, "].")));
  }
  return events;
}

template <typename Request>
absl::StatusOr<ListFilter> FilterOf(const Request& request) {
  errors::FieldErrors faults;
  faults.Require(IsValid(request.from()), "from", "must be a time of the years 1 to 9999");
  faults.Require(IsValid(request.until()), "until", "must be a time of the years 1 to 9999");
  CW_RETURN_IF_ERROR(faults.ToStatus());
  ListFilter filter;
  filter.page_size = request.page_size();
  filter.page_token = request.page_token();
  filter.type = request.event_type();
  if (request.has_from()) filter.from = FromProto(request.from());
  if (request.has_until()) filter.until = FromProto(request.until());
  return filter;
}

template <typename Response>
void ToProto(const RecordPage& page, Response& out) {
  for (const Record& record : page.records) ToProto(record, *out.add_events());
  out.set_next_page_token(page.next_page_token);
}

template absl::StatusOr<ListFilter> FilterOf(const v1::ListDeviceTelemetryRequest&);
template absl::StatusOr<ListFilter> FilterOf(const v1::ListBranchTelemetryRequest&);
template absl::StatusOr<ListFilter> FilterOf(const v1::ListChainTelemetryRequest&);
template void ToProto(const RecordPage&, v1::ListDeviceTelemetryResponse&);
template void ToProto(const RecordPage&, v1::ListBranchTelemetryResponse&);
template void ToProto(const RecordPage&, v1::ListChainTelemetryResponse&);

}  // namespace cartwise::telemetry
