#include "cartwise/base/files.hpp"

#include <fstream>
#include <iterator>

#include <absl/strings/str_cat.h>

namespace cartwise {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file) return absl::InvalidArgumentError(absl::StrCat("cannot read ", path));
  return content;
}

}  // namespace cartwise
