#pragma once

#include <string>

#include <google/protobuf/struct.pb.h>

namespace cartwise::telemetry {

/// A Struct as compact JSON that jsonb accepts, members in byte order.
///
/// Written directly: the general converter of Protobuf costs several times as
/// much as the rest of an ingest. What jsonb cannot hold is replaced (NUL by
/// U+FFFD, NaN and infinities by null, numbers beyond 1e18 by that bound, and
/// nearer to 0 than 1e-18 by 0) and `exact` becomes false.
std::string ToJson(const google::protobuf::Struct& object, bool& exact);

}  // namespace cartwise::telemetry
