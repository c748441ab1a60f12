#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace cartwise::edge {

/// Replaces a file so that a power cut leaves the old or the new one, readable
/// by its owner alone.
absl::Status WriteFileAtomically(const std::string& path, std::string_view content);

/// Makes a folder for this user alone, unless it is there. An error also when
/// it is there and cannot be written.
absl::Status MakePrivateFolder(const std::string& path);

/// NOT_FOUND when there is none, UNAVAILABLE when it cannot be read.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

}  // namespace cartwise::edge
