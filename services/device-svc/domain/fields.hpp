#pragma once

#include "cartwise/base/fields.hpp"
#include "cartwise/base/page.hpp"

/// Rules for text that comes from outside.
namespace cartwise::device {

/// INVALID_FIELD unless the token's parts are clean and the last one is an id.
/// Tokens are not signed: anybody can make one, it can only name a place in a list.
absl::Status CheckPage(const PageRequest& page);

}  // namespace cartwise::device
