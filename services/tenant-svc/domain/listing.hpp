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

/// Makes a page of rows that were asked for with one more than the page holds:
/// the extra one tells that there is a next page. `key_of` gives a row's place.
template <typename T, typename KeyOf>
Listing<T> ToListing(std::vector<T> rows, const PageRequest& page, KeyOf key_of) {
  Listing<T> listing;
  if (rows.size() > size_t(page.size)) {
    rows.resize(page.size);
    listing.next_page_token = PageToken(key_of(rows.back()));
  }
  listing.items = std::move(rows);
  return listing;
}

}  // namespace cartwise::tenant
