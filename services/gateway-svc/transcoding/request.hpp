#pragma once

#include <string>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <google/protobuf/message.h>

#include "routing/route.hpp"

namespace cartwise::gateway {

/// Decoded, in the order they came.
using QueryParameters = std::vector<std::pair<std::string, std::string>>;

/// Where the parts of a REST request stand.
struct RestRequest {
  std::vector<std::string> path_values;  ///< of the route's variables, in order
  QueryParameters query;
  std::string body;  ///< JSON; empty means {}
};

/// Fills `out`, an empty request message of the route's method, from path, query
/// and body. A field that the path binds must be absent from the body or equal;
/// a query parameter must name a field that neither path nor body sets.
///
/// INVALID_ARGUMENT (INVALID_JSON, UNEXPECTED_BODY, or INVALID_FIELD naming every
/// one at fault).
absl::Status FillRequest(const Route& route, const RestRequest& request,
                         google::protobuf::Message& out);

/// True when `path` names a field of the route's request that a query may set.
bool IsQueryField(const Route& route, const FieldPath& path);

}  // namespace cartwise::gateway
