#pragma once

#include <string_view>

#include "cartwise/base/fields.hpp"

/// Rules for text that comes from outside, shared by everything with fields.
namespace cartwise::tenant {

/// Lower case, one `@` with something on both sides, no blanks, 3 to 254 characters.
bool IsEmail(std::string_view text);

/// `[a-z0-9-]{2,100}`
bool IsSlug(std::string_view text);

/// `[A-Za-z0-9-]{1,50}`
bool IsBranchCode(std::string_view text);

/// An IANA time zone that this machine knows.
bool IsTimeZone(std::string_view name);

/// INVALID_FIELD unless `query`, the search text of a list, is clean and short.
absl::Status CheckQuery(std::string_view query);

}  // namespace cartwise::tenant
