#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cartwise::gateway {

/// What goes back to an HTTP client, but for what the connection adds itself
/// (Date, Content-Length, Connection).
struct Answer {
  using Headers = std::vector<std::pair<std::string, std::string>>;

  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  /// Instead of `body`, for texts that many answers share.
  std::shared_ptr<const std::string> shared_body;
  Headers headers;

  const std::string& Body() const { return shared_body ? *shared_body : body; }
};

}  // namespace cartwise::gateway
