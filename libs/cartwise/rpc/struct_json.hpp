#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <google/protobuf/struct.pb.h>

namespace cartwise::rpc {

/// A Struct as compact JSON that jsonb accepts, members in byte order.
///
/// Written directly, and read so below: the general converter of Protobuf costs several
/// times as much as the rest of an ingest. What jsonb cannot hold is replaced (NUL by
/// U+FFFD, NaN and infinities by null, numbers beyond 1e18 by that bound, and
/// nearer to 0 than 1e-18 by 0) and `exact` becomes false.
std::string ToJson(const google::protobuf::Struct& object, bool& exact);

/// The object that `json` is; of members of one name the last counts. What is not one
/// JSON object answers none.
std::optional<google::protobuf::Struct> ToStruct(std::string_view json);

}  // namespace cartwise::rpc
