#pragma once

#include <memory>
#include <string>

#include <grpcpp/channel.h>

#include "cartwise/rpc/server.hpp"
#include "harness/fleet.hpp"

namespace cartwise::bench {

/// The certificates of one service of the fleet.
inline rpc::TlsFiles TlsOf(const fleet::Fleet& fleet, const std::string& service) {
  return {fleet.ca(), fleet.folder() + "/certs/" + service + ".pem",
          fleet.folder() + "/certs/" + service + ".key"};
}

/// A channel to the process `name` of the fleet, whose certificate says
/// `service`, speaking as `from`.
inline std::shared_ptr<grpc::Channel> ChannelTo(const fleet::Fleet& fleet, const std::string& name,
                                                const std::string& service,
                                                const std::string& from) {
  return rpc::Connect("127.0.0.1:" + std::to_string(fleet.PortOf(name)), service,
                      TlsOf(fleet, from));
}

}  // namespace cartwise::bench
