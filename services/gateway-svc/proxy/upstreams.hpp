#pragma once

#include <map>
#include <string>
#include <vector>

#include "proxy/upstream.hpp"

namespace cartwise::gateway {

/// The services behind the gateway, by area. Thread-safe.
class Upstreams {
 public:
  explicit Upstreams(const std::vector<std::string>& areas) {
    for (const std::string& area : areas) upstreams_.try_emplace(area, area);
  }

  /// The area must be one of those given.
  Upstream& Of(const std::string& area) { return upstreams_.at(area); }

  std::map<std::string, Upstream>& all() { return upstreams_; }

 private:
  std::map<std::string, Upstream> upstreams_;
};

}  // namespace cartwise::gateway
