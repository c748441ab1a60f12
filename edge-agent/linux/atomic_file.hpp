#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace cartwise::edge {

/// Replaces a file so that a power cut leaves the old or the new one, readable
/// by its owner alone.
absl::Status WriteFileAtomically(const std::string& path, std::string_view content);

/// NOT_FOUND when there is none.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

}  // namespace cartwise::edge
