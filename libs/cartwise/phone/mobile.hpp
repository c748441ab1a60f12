#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace cartwise::phone {

/// An Israeli mobile number as E.164 (`+9725` and eight digits), from what
/// people type: national (`050-234-5678`), with 972, 00972 or +972, a stray 0
/// after the country code, blanks, dashes and brackets, full-width and
/// Arabic-Indic digits. INVALID_ARGUMENT naming `field` for everything else.
///
/// Decides by form alone, without lists of assigned ranges, which change every
/// year.
absl::StatusOr<std::string> ParseMobile(std::string_view field, std::string_view text);

}  // namespace cartwise::phone
