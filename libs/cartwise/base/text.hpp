#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

namespace cartwise {

/// RFC 3339 in UTC with microseconds and `Z`.
std::string ToRfc3339(absl::Time time);
absl::StatusOr<absl::Time> ParseRfc3339(std::string_view text);

std::string HexEncode(std::string_view bytes);
std::string Base64UrlEncode(std::string_view bytes);
absl::StatusOr<std::string> Base64UrlDecode(std::string_view text);

/// `+972*****67`: enough to recognise, not enough to call.
std::string MaskPhone(std::string_view e164);

/// Characters (not bytes) of a UTF-8 text.
size_t Utf8Length(std::string_view text);

std::string ToLowerAscii(std::string_view text);

}  // namespace cartwise
