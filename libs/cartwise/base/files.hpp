#pragma once

#include <string>

#include <absl/status/statusor.h>

namespace cartwise {

/// A file's whole content. INVALID_ARGUMENT, with the path, when it cannot be read.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace cartwise
