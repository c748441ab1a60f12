#pragma once

#include <map>
#include <memory>
#include <string>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

namespace cartwise::gateway {

/// The services behind the gateway, by area: one channel each, shared by every
/// call and stream. Immutable, so thread-safe.
class Upstreams {
 public:
  using Channels = std::map<std::string, std::shared_ptr<grpc::Channel>>;

  explicit Upstreams(const Channels& channels) {
    for (const auto& [area, channel] : channels) stubs_.try_emplace(area, channel);
  }

  /// The area must be one of those given; GenericStub is thread-safe.
  grpc::GenericStub& Of(const std::string& area) { return stubs_.at(area); }

  std::map<std::string, grpc::GenericStub>& all() { return stubs_; }

 private:
  std::map<std::string, grpc::GenericStub> stubs_;
};

}  // namespace cartwise::gateway
