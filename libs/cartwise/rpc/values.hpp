#pragma once

#include <absl/time/time.h>
#include <google/protobuf/timestamp.pb.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/base/ids.hpp"

/// Values that the protos of several services share.
namespace cartwise::rpc {

/// To the microsecond, as the database keeps times.
google::protobuf::Timestamp ToTimestamp(absl::Time time);
absl::Time FromTimestamp(const google::protobuf::Timestamp& time);

/// The command behind a repeatable request: the same Idempotency-Key of the same
/// caller is the same command. A new one without a key.
CommandId CommandFor(const Caller& caller);

}  // namespace cartwise::rpc
