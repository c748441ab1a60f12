#include "cartwise/base/page.hpp"

#include <algorithm>

#include "cartwise/base/errors.hpp"
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

  const auto invalid = [] {
    return errors::InvalidField("page_token", "is not one that this list gave out");
  };
  const auto bytes = Base64UrlDecode(page_token);
  if (!bytes.ok()) return invalid();
  size_t at = 0;
  while (at < bytes->size()) {
    const size_t end = bytes->find('\0', at);
    if (end == std::string::npos) return invalid();
    page.after.push_back(bytes->substr(at, end - at));
    at = end + 1;
  }
  if (int(page.after.size()) != key_parts) return invalid();
  return page;
}

std::string PageToken(const std::vector<std::string>& key) {
  std::string bytes;
  for (const auto& part : key) bytes.append(part).push_back('\0');
  return Base64UrlEncode(bytes);
}

}  // namespace cartwise
