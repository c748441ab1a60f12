#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace cartwise::gateway {

/// Appends `text` in quotes, escaped. False, with nothing usable appended, when
/// it is not UTF-8.
bool AppendJsonString(std::string& out, std::string_view text);

template <typename Number>
void AppendNumber(std::string& out, Number number) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  out.append(buffer, end);
}

/// Shortest text that reads back as the same number; texts for what JSON has no
/// numbers for.
template <typename Real>
void AppendReal(std::string& out, Real number) {
  if (std::isnan(number)) {
    out.append("\"NaN\"");
  } else if (std::isinf(number)) {
    out.append(number > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  } else {
    AppendNumber(out, number);
  }
}

/// A google.protobuf.Timestamp as RFC 3339 in UTC with 0, 3, 6 or 9 digits of a
/// second, in quotes; null when out of range.
void AppendTimestamp(std::string& out, int64_t seconds, int32_t nanos);

/// A google.protobuf.Duration as seconds, "1.500s", in quotes.
void AppendDuration(std::string& out, int64_t seconds, int32_t nanos);

}  // namespace cartwise::gateway
