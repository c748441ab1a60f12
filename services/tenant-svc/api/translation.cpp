#include "api/translation.hpp"

#include <cstdlib>

#include "cartwise/base/errors.hpp"

namespace cartwise::tenant {

google::protobuf::Duration ToDuration(absl::Duration duration) {
  google::protobuf::Duration out;
  absl::Duration rest;
  out.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  out.set_nanos(int32_t(absl::ToInt64Nanoseconds(rest)));
  return out;
}

absl::StatusOr<absl::Duration> ParseDuration(std::string_view field,
                                             const google::protobuf::Duration& duration) {
  // The bounds of google.protobuf.Duration: 10,000 years and less than a second.
  constexpr int64_t kMostSeconds = 315'576'000'000;
  const bool mixed_signs = (duration.seconds() < 0 && duration.nanos() > 0) ||
                           (duration.seconds() > 0 && duration.nanos() < 0);
  if (duration.seconds() > kMostSeconds || duration.seconds() < -kMostSeconds || mixed_signs ||
      std::abs(int64_t{duration.nanos()}) > 999'999'999) {
    return errors::InvalidField(field, "must be a duration");
  }
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

}  // namespace cartwise::tenant
