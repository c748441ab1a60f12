#pragma once

#include <cstddef>
#include <string_view>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/page.hpp"

/// Rules for text that comes from outside.
namespace cartwise::device {

/// True without control characters (NUL above all, which the database cannot
/// hold). Protobuf has already seen to it that it is UTF-8.
bool IsCleanText(std::string_view text);

/// Adds an error unless `text` is clean and has `least` to `most` characters.
void CheckText(errors::FieldErrors& errors, std::string_view field, std::string_view text,
               size_t least, size_t most);

/// INVALID_FIELD unless the token's parts are clean and the last one is an id.
/// Tokens are not signed: anybody can make one, it can only name a place in a list.
absl::Status CheckPage(const PageRequest& page);

}  // namespace cartwise::device
