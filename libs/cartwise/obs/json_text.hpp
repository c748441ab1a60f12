#pragma once

#include <string>
#include <string_view>

namespace cartwise::obs {

/// Appends `text` as a JSON string with its quotes. Control characters are
/// escaped and bytes that are not UTF-8 become U+FFFD, so a line is always
/// one line of valid JSON whatever a client sent.
void AppendJsonText(std::string& out, std::string_view text);

}  // namespace cartwise::obs
