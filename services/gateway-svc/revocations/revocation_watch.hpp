#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <grpcpp/grpcpp.h>

#include "cartwise/obs/metrics.hpp"
#include "cartwise/tenant/v1/revocations.grpc.pb.h"
#include "revocations/revocations.hpp"

namespace cartwise::gateway {

/// Whether revocations are heard, 0 or 1.
inline constexpr char kRevocationsHeardMetric[] = "cartwise_gateway_revocations_heard";

/// Keeps one watch of tenant-svc's revocations open on a thread of its own, and
/// opens it again within 2 s when it ends. Nobody is refused meanwhile: a log
/// line and a metric say that revocations are not heard.
class RevocationWatch {
 public:
  /// `heard` is called on the watch's thread.
  RevocationWatch(const std::shared_ptr<grpc::Channel>& tenant, obs::Metrics& metrics,
                  std::function<void(const Revocation&)> heard);
  ~RevocationWatch();

 private:
  void Run();
  /// Until the watch ends.
  grpc::Status Listen();
  void SetHeard(bool heard, const std::string& why);

  const std::unique_ptr<tenant::v1::RevocationService::Stub> tenant_;
  obs::Metrics& metrics_;
  const std::function<void(const Revocation&)> heard_;
  bool is_heard_ = false;  ///< of the thread alone
  bool told_ = false;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::unique_ptr<grpc::ClientContext> context_;
  std::thread thread_;
};

}  // namespace cartwise::gateway
