#pragma once

#include <map>
#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

#include "proxy/upstream.hpp"

namespace cartwise::gateway {

/// The services behind the gateway, by area. Thread-safe.
class Upstreams {
 public:
  using Channels = std::map<std::string, std::shared_ptr<grpc::Channel>>;

  explicit Upstreams(const Channels& channels) {
    for (const auto& [area, channel] : channels) upstreams_.try_emplace(area, channel);
  }

  /// The area must be one of those given.
  Upstream& Of(const std::string& area) { return upstreams_.at(area); }

  std::map<std::string, Upstream>& all() { return upstreams_; }

 private:
  std::map<std::string, Upstream> upstreams_;
};

}  // namespace cartwise::gateway
