#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

namespace cartwise::gateway {

/// A request target, taken apart and percent-decoded.
struct Target {
  std::vector<std::string> segments;  ///< of the path; none for "/"
  std::vector<std::pair<std::string, std::string>> query;
};

/// Strict: one spelling per resource, so that nobody steps around a rule by
/// another one. INVALID_ARGUMENT (BAD_PATH) for empty, "." and ".." segments, a
/// trailing slash, a bad escape, an escaped slash, a control character, broken
/// UTF-8; BAD_QUERY for the same faults of the query.
absl::StatusOr<Target> ParseTarget(std::string_view raw);

/// The path alone: for logs, which must not hold a query, nor a phone number
/// that somebody put in a path. A segment with more than four digits that is no
/// UUID becomes "*". At most 200 characters.
std::string LoggablePath(std::string_view raw);

}  // namespace cartwise::gateway
