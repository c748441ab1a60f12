#pragma once

#include <cstddef>
#include <string_view>

#include "cartwise/base/errors.hpp"

/// Rules for text that comes from outside.
namespace cartwise {

/// True for UTF-8 without control characters (NUL above all, which the
/// database cannot hold). `lines` allows line breaks and tabs.
bool IsCleanText(std::string_view text, bool lines = false);

/// Adds an error to `errors` unless `text` is clean and has `least` to `most`
/// characters; blanks around it do not count for `least`.
void CheckText(errors::FieldErrors& errors, std::string_view field, std::string_view text,
               size_t least, size_t most, bool lines = false);

}  // namespace cartwise
