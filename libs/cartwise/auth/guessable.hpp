#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cartwise::auth {

/// True when thirty million guesses or fewer lead to `password`: it is among the leaked
/// ones, or little more than words of dictionaries, of `words` (lower case), names,
/// dates or runs of the keyboard. The lists are part of zxcvbn's library: without them
/// no program starts. What stands after a NUL does not count.
bool IsGuessable(std::string_view password, const std::vector<std::string>& words);

}  // namespace cartwise::auth
