#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include <absl/status/status.h>

namespace cartwise {

/// OK where CARTWISE_DEVELOPMENT is 1, which no production sets. `setting` switches
/// on what is for development or tests only: elsewhere INVALID_ARGUMENT with its
/// name, so that a copied setting ends a program instead of weakening it.
inline absl::Status CheckDevelopment(std::string_view setting) {
  const char* const development = std::getenv("CARTWISE_DEVELOPMENT");
  if (development != nullptr && std::string_view(development) == "1") return absl::OkStatus();
  return absl::InvalidArgumentError(std::string(setting) +
                                    ": for development only, where CARTWISE_DEVELOPMENT is 1");
}

}  // namespace cartwise
