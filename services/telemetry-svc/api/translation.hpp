#pragma once

#include <vector>

#include <absl/status/statusor.h>
#include <google/protobuf/repeated_ptr_field.h>

#include "cartwise/events/v1/event.pb.h"
#include "cartwise/telemetry/v1/telemetry.pb.h"
#include "domain/events.hpp"
#include "domain/ingest.hpp"
#include "domain/listing.hpp"

namespace cartwise::telemetry {

/// Between the contracts and the domain.

std::vector<UncheckedEvent> FromProto(
    const google::protobuf::RepeatedPtrField<v1::NewTelemetry>& events);

/// INVALID_FIELD unless ids are UUIDs and type and time are there. Subject and
/// source join the payload, where it has no members of these names; what in it
/// nests deeper than kMaxDataDepth becomes null.
absl::StatusOr<std::vector<PlacedEvent>> FromProto(const events::v1::DeliverRequest& request);

/// Of any of the three list requests, which have the same filters. INVALID_FIELD
/// for a time that is none.
template <typename Request>
absl::StatusOr<ListFilter> FilterOf(const Request& request);

/// Fills either of the two answers to a batch.
template <typename Response>
void ToProto(const Ingested& done, Response& out) {
  out.set_stored(done.stored);
  out.set_duplicates(done.duplicates);
}

/// Fills any of the three list answers.
template <typename Response>
void ToProto(const RecordPage& page, Response& out);

}  // namespace cartwise::telemetry
