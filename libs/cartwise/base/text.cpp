#include "cartwise/base/text.hpp"

#include <algorithm>

#include <absl/strings/escaping.h>
#include <absl/time/time.h>

namespace cartwise {

std::string ToRfc3339(absl::Time time) {
  return absl::FormatTime("%E4Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone());
}

absl::StatusOr<absl::Time> ParseRfc3339(std::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, std::string(text), &time, &error)) {
    return absl::InvalidArgumentError("must be an RFC 3339 time");
  }
  return time;
}

std::string HexEncode(std::string_view bytes) {
  return absl::BytesToHexString(std::string(bytes));
}

std::string Base64UrlEncode(std::string_view bytes) {
  std::string text = absl::WebSafeBase64Escape(std::string(bytes));
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

absl::StatusOr<std::string> Base64UrlDecode(std::string_view text) {
  std::string bytes;
  const bool alphabet = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
  if (!alphabet || !absl::WebSafeBase64Unescape(std::string(text), &bytes) ||
      Base64UrlEncode(bytes) != text) {
    return absl::InvalidArgumentError("must be base64url without padding");
  }
  return bytes;
}

std::string MaskPhone(std::string_view e164) {
  if (e164.size() < 8) return "*****";
  return std::string(e164.substr(0, 4)) + "*****" + std::string(e164.substr(e164.size() - 2));
}

size_t Utf8Length(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

std::string ToLowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace cartwise
