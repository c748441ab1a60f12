#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <google/protobuf/message.h>
#include <boost/asio/awaitable.hpp>

#include "harness/fleet.hpp"
#include "http2/event_loop.hpp"
#include "http2/unary_call.hpp"

namespace cartwise::bench {

/// Callers of one process of the fleet as the gateway calls it: all on one event loop, over one
/// connection for each service that they speak as. What they cost the machine is missing from what
/// is measured, and threads of gRPC's client would cost more.
class Callers {
 public:
  using Operation = std::function<boost::asio::awaitable<bool>()>;

  /// `area` is that of the process' certificate: "rental" for rental-svc. `as` are the services
  /// whose certificates the callers show.
  Callers(const fleet::Fleet& fleet, const std::string& process, const std::string& area,
          const std::vector<std::string>& as);
  ~Callers();

  /// One call; false, and told on standard error, when it is refused. Only within an operation.
  boost::asio::awaitable<bool> Call(const std::string& as, const std::string& method,
                                    const gateway::CallMetadata& metadata,
                                    const google::protobuf::Message& request,
                                    google::protobuf::Message& answer);

  /// Like bench::OperationsPerSecond, with a caller where that has a thread.
  double OperationsPerSecond(int callers, double seconds,
                             const std::function<Operation(int caller)>& make);

 private:
  struct Identity;

  gateway::Upstream upstream_;
  std::map<std::string, std::unique_ptr<Identity>> identities_;
  const gateway::ServiceTargets nowhere_;
  gateway::EventLoop loop_{nowhere_};
};

}  // namespace cartwise::bench
