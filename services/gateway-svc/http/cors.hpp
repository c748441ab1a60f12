#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/answer.hpp"

namespace cartwise::gateway {

/// Which web origins may read our answers. Exact comparison, no wildcards, no
/// cookies. Immutable.
class Cors {
 public:
  /// "https://manage.example.com", as a browser sends it.
  explicit Cors(std::vector<std::string> origins) : origins_(std::move(origins)) {}

  /// Adds the headers for an answer to a request with this Origin header
  /// (empty for none).
  void Decorate(std::string_view origin, Answer& answer) const;

  /// The answer to a preflight request; `methods` as in an Allow header. Says
  /// nothing of permissions to an origin that is not on the list.
  Answer Preflight(std::string_view origin, std::string_view methods) const;

 private:
  bool Allows(std::string_view origin) const;
  std::vector<std::string> origins_;
};

}  // namespace cartwise::gateway
