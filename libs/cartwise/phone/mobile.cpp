#include "cartwise/phone/mobile.hpp"

#include <cstdint>
#include <optional>

#include "cartwise/base/errors.hpp"

namespace cartwise::phone {
namespace {

constexpr size_t kLongestInput = 64;

// One code point from the front of `text`; U+FFFD for what is not UTF-8.
char32_t TakeCodePoint(std::string_view& text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (lead < 0x80 || length > text.size()) {
    text.remove_prefix(1);
    return lead < 0x80 ? char32_t(lead) : U'\uFFFD';
  }
  char32_t point = lead & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) point = (point << 6) | (byte(i) & 0x3F);
  text.remove_prefix(length);
  return point;
}

std::optional<char> Digit(char32_t point) {
  for (const char32_t zero : {U'0', U'\u0660', U'\u06F0', U'\uFF10'}) {
    if (point >= zero && point <= zero + 9) return static_cast<char>('0' + (point - zero));
  }
  return std::nullopt;
}

// What people put between digits, direction marks of Hebrew text included.
bool IsSeparator(char32_t point) {
  switch (point) {
    case U' ':
    case U'-':
    case U'.':
    case U'(':
    case U')':
    case U'/':
    case U'\u00A0':
    case U'\u200E':
    case U'\u200F':
    case U'\u2010':
    case U'\u2011':
    case U'\u2013':
    case U'\u202A':
    case U'\u202C':
      return true;
    default:
      return false;
  }
}

bool StripPrefix(std::string& digits, std::string_view prefix) {
  if (digits.compare(0, prefix.size(), prefix) != 0) return false;
  digits.erase(0, prefix.size());
  return true;
}

}  // namespace

absl::StatusOr<std::string> ParseMobile(std::string_view field, std::string_view text) {
  const auto refused = [&] {
    return errors::InvalidField(field, "must be an Israeli mobile number, like +972501234567");
  };
  if (text.size() > kLongestInput) return refused();
  std::string digits;
  bool plus = false;
  while (!text.empty()) {
    const char32_t point = TakeCodePoint(text);
    if (const auto digit = Digit(point)) {
      digits.push_back(*digit);
    } else if ((point == U'+' || point == U'\uFF0B') && digits.empty() && !plus) {
      plus = true;
    } else if (!IsSeparator(point)) {
      return refused();
    }
  }
  const bool abroad = plus || StripPrefix(digits, "00");
  if (StripPrefix(digits, "972")) {
    StripPrefix(digits, "0");
  } else if (abroad) {
    return refused();
  } else {
    StripPrefix(digits, "0");
  }
  if (digits.size() != 9 || digits[0] != '5') return refused();
  return "+972" + digits;
}

}  // namespace cartwise::phone
