#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "cartwise/base/ids.hpp"

/// Values that all of this service's protos share.
namespace cartwise::tenant {

google::protobuf::Timestamp ToTimestamp(absl::Time time);
google::protobuf::Duration ToDuration(absl::Duration duration);

/// INVALID_FIELD for one that no Duration may hold.
absl::StatusOr<absl::Duration> ParseDuration(std::string_view field,
                                             const google::protobuf::Duration& duration);

/// A field that may be left out: empty text is an empty id.
template <typename Id>
absl::StatusOr<Id> ParseOptionalId(std::string_view field, const std::string& text) {
  if (text.empty()) return Id();
  return ParseId<Id>(field, text);
}

template <typename T>
std::optional<T> If(bool there, const T& value) {
  return there ? std::optional<T>(value) : std::nullopt;
}

}  // namespace cartwise::tenant
