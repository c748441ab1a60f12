#include "cartwise/base/fields.hpp"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include "cartwise/base/text.hpp"

namespace cartwise {
namespace {

// Bytes of the UTF-8 character at the front of `text`; 0 when it is malformed,
// overlong, a surrogate or beyond U+10FFFF.
size_t CharacterSize(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool beyond = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
  return overlong || beyond ? 0 : size;
}

}  // namespace

bool IsCleanText(std::string_view text, bool lines) {
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    if (size == 0) return false;
    const auto c = static_cast<unsigned char>(text[0]);
    const bool line = c == '\n' || c == '\r' || c == '\t';
    if (c == 0x7F || (c < 0x20 && !(lines && line))) return false;
    text.remove_prefix(size);
  }
  return true;
}

void CheckText(errors::FieldErrors& errors, std::string_view field, std::string_view text,
               size_t least, size_t most, bool lines) {
  if (text.empty() && least > 0) return errors.Add(field, "is required");
  std::string words(text);
  absl::StripAsciiWhitespace(&words);
  if (Utf8Length(words) < least || Utf8Length(text) > most) {
    return errors.Add(field, absl::StrCat("must have ", least, " to ", most, " characters"));
  }
  errors.Require(IsCleanText(text, lines), field, "must not contain control characters");
}

}  // namespace cartwise
