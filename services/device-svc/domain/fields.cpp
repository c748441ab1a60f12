#include "domain/fields.hpp"

#include <algorithm>

#include <absl/strings/str_cat.h>

#include "cartwise/base/ids.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::device {

bool IsCleanText(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c >= 0x20 && c != 0x7F; });
}

void CheckText(errors::FieldErrors& errors, std::string_view field, std::string_view text,
               size_t least, size_t most) {
  if (text.empty() && least > 0) return errors.Add(field, "is required");
  const size_t length = Utf8Length(text);
  if (length < least || length > most) {
    return errors.Add(field, absl::StrCat("must have ", least, " to ", most, " characters"));
  }
  errors.Require(IsCleanText(text), field, "must not contain control characters");
}

absl::Status CheckPage(const PageRequest& page) {
  const bool clean = std::all_of(page.after.begin(), page.after.end(),
                                 [](const std::string& part) { return IsCleanText(part); });
  if (clean && (page.after.empty() || IsUuid(page.after.back()))) return absl::OkStatus();
  return errors::InvalidField("page_token", "was not made by this list");
}

}  // namespace cartwise::device
