#pragma once

#include <string_view>

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "cartwise/base/ids.hpp"
#include "cartwise/base/optional.hpp"
#include "cartwise/rpc/values.hpp"

/// Values that all of this service's protos share.
namespace cartwise::tenant {

using rpc::FromTimestamp;
using rpc::ToTimestamp;

google::protobuf::Duration ToDuration(absl::Duration duration);

/// INVALID_FIELD for one that no Duration may hold.
absl::StatusOr<absl::Duration> ParseDuration(std::string_view field,
                                             const google::protobuf::Duration& duration);

}  // namespace cartwise::tenant
