#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace cartwise::gateway {

/// The key of an Idempotency-Key header, bare (abc) or as a structured string
/// ("abc", RFC 8941): both spellings are the same key. INVALID_ARGUMENT
/// (BAD_IDEMPOTENCY_KEY) unless it is 1 to 255 printable ASCII characters.
absl::StatusOr<std::string> ParseIdempotencyKey(std::string_view header);

}  // namespace cartwise::gateway
