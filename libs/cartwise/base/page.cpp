#include "cartwise/base/page.hpp"

#include <algorithm>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/fields.hpp"
#include "cartwise/base/ids.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise {
namespace {

constexpr int kDefaultSize = 50;
constexpr int kLargestSize = 200;

}  // namespace

absl::StatusOr<PageRequest> ParsePage(int page_size, std::string_view page_token, int key_parts) {
  PageRequest page;
  if (page_size < 0) return errors::InvalidField("page_size", "must not be negative");
  page.size = page_size == 0 ? kDefaultSize : std::min(page_size, kLargestSize);
  if (page_token.empty()) return page;

  const auto bytes = Base64UrlDecode(page_token);
  if (!bytes.ok()) return BadPageToken();
  size_t at = 0;
  while (at < bytes->size()) {
    const size_t end = bytes->find('\0', at);
    if (end == std::string::npos) return BadPageToken();
    page.after.push_back(bytes->substr(at, end - at));
    at = end + 1;
  }
  const bool clean = std::all_of(page.after.begin(), page.after.end(),
                                 [](const std::string& part) { return IsCleanText(part); });
  if (!clean || int(page.after.size()) != key_parts) return BadPageToken();
  return page;
}

absl::Status BadPageToken() {
  return errors::InvalidField("page_token", "is not one that this list gave out");
}

absl::Status CheckEndsWithId(const PageRequest& page) {
  return page.after.empty() || IsUuid(page.after.back()) ? absl::OkStatus() : BadPageToken();
}

std::string PageToken(const std::vector<std::string>& key) {
  std::string bytes;
  for (const auto& part : key) bytes.append(part).push_back('\0');
  return Base64UrlEncode(bytes);
}

}  // namespace cartwise
