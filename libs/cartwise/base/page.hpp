#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace cartwise {

/// One page of a keyset-ordered list.
struct PageRequest {
  int size = 50;                   ///< 1 to 200
  std::vector<std::string> after;  ///< key of the last row of the page before; empty = first page
};

/// Checks `page_size` (0 = 50, above 200 = 200, negative = INVALID_FIELD) and
/// `page_token` (BadPageToken unless it holds `key_parts` parts made by
/// PageToken, all of them clean text). Tokens are not signed, so anybody can make one: it can
/// only name a place in a list, and must not upset the database.
absl::StatusOr<PageRequest> ParsePage(int page_size, std::string_view page_token, int key_parts);

/// INVALID_FIELD of a token that this list cannot have given out.
absl::Status BadPageToken();

/// For a list whose key ends with an id: BadPageToken unless this one's does.
absl::Status CheckEndsWithId(const PageRequest& page);

/// The opaque token of the row with this key.
std::string PageToken(const std::vector<std::string>& key);

/// Stores answer one row more than a page holds, when there is one: cuts it off. The token of the
/// next page, empty on the last; `key_of` gives a row's place.
template <typename Row, typename KeyOf>
std::string CutPage(std::vector<Row>& rows, const PageRequest& page, KeyOf key_of) {
  if (rows.size() <= static_cast<size_t>(page.size)) return "";
  rows.resize(static_cast<size_t>(page.size));
  return PageToken(key_of(rows.back()));
}

}  // namespace cartwise
