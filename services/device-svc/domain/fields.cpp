#include "domain/fields.hpp"

#include <algorithm>

#include "cartwise/base/ids.hpp"

namespace cartwise::device {

absl::Status CheckPage(const PageRequest& page) {
  const bool clean = std::all_of(page.after.begin(), page.after.end(),
                                 [](const std::string& part) { return IsCleanText(part); });
  if (clean && (page.after.empty() || IsUuid(page.after.back()))) return absl::OkStatus();
  return errors::InvalidField("page_token", "was not made by this list");
}

}  // namespace cartwise::device
