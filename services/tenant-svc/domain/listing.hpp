#pragma once

#include <string>
#include <vector>

#include "cartwise/base/page.hpp"

namespace cartwise::tenant {

/// One page of a list and the token of the next one (empty on the last).
template <typename T>
struct Listing {
  std::vector<T> items;
  std::string next_page_token;
};

/// Makes a page of a store's answer. `key_of` gives a row's place.
template <typename T, typename KeyOf>
Listing<T> ToListing(std::vector<T> rows, const PageRequest& page, KeyOf key_of) {
  std::string next = CutPage(rows, page, key_of);
  return {std::move(rows), std::move(next)};
}

}  // namespace cartwise::tenant
