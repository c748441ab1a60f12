#include "domain/fields.hpp"

#include <algorithm>
#include <string>

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::tenant {
namespace {

bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

template <typename Allowed>
bool All(std::string_view text, Allowed allowed) {
  return std::all_of(text.begin(), text.end(), allowed);
}

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
  const size_t length = Utf8Length(text);
  if (length < least || length > most) {
    return errors.Add(field, absl::StrCat("must have ", least, " to ", most, " characters"));
  }
  errors.Require(IsCleanText(text, lines), field, "must not contain control characters");
}

bool IsEmail(std::string_view text) {
  if (text.size() < 3 || text.size() > 254 || !IsCleanText(text)) return false;
  const size_t at = text.find('@');
  if (at == 0 || at == std::string_view::npos || at + 1 == text.size()) return false;
  if (text.find('@', at + 1) != std::string_view::npos) return false;
  return All(text, [](char c) { return c > ' ' && !IsUpper(c); });
}

bool IsSlug(std::string_view text) {
  return text.size() >= 2 && text.size() <= 100 &&
         All(text, [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; });
}

bool IsBranchCode(std::string_view text) {
  return !text.empty() && text.size() <= 50 &&
         All(text, [](char c) { return IsLower(c) || IsUpper(c) || IsDigit(c) || c == '-'; });
}

bool IsTimeZone(std::string_view name) {
  // Abseil would open any file that the name leads to.
  const bool plain =
      !name.empty() && name.size() <= 64 && name.front() != '/' && All(name, [](char c) {
        return IsLower(c) || IsUpper(c) || IsDigit(c) || c == '/' || c == '_' || c == '-' ||
               c == '+';
      });
  absl::TimeZone zone;
  return plain && absl::LoadTimeZone(std::string(name), &zone);
}

absl::Status CheckPage(const PageRequest& page, bool ends_with_id) {
  const bool clean = std::all_of(page.after.begin(), page.after.end(),
                                 [](const std::string& part) { return IsCleanText(part); });
  if (clean && (page.after.empty() || !ends_with_id || IsUuid(page.after.back()))) {
    return absl::OkStatus();
  }
  return errors::InvalidField("page_token", "is not one that this list gave out");
}

absl::Status CheckQuery(std::string_view query) {
  errors::FieldErrors errors;
  CheckText(errors, "query", query, 0, 200);
  return errors.ToStatus();
}

}  // namespace cartwise::tenant
