#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include <grpcpp/client_context.h>

#include "cartwise/device/v1/agent.grpc.pb.h"
#include "core/doorbell.hpp"
#include "core/upload_queue.hpp"
#include "linux/cloud.hpp"

namespace cartwise::edge {

/// The upload lane: open while there is telemetry; one batch after another, each
/// forgotten once the cloud has committed it. Run() belongs to one thread.
class UploadLink {
 public:
  struct Tools {
    const Cloud& cloud;
    UploadQueue& queue;
    Doorbell& bell;  ///< rung when the queue grows
    const Clock& clock;
    Diary& diary;
    std::function<std::string()> token;
  };

  explicit UploadLink(Tools tools) : tools_(std::move(tools)) {}

  void Run();
  /// Thread-safe.
  void Stop();
  void Reconnect();

 private:
  using Stream = grpc::ClientReaderWriter<device::v1::UploadRequest, device::v1::UploadResponse>;

  /// Until nothing is left to send, or the stream ends: the batch that was under way then.
  std::optional<UploadQueue::Batch> Serve(Stream& stream, Backoff& backoff);
  /// Until then, or Stop.
  void Pause(absl::Duration duration);

  const Tools tools_;
  std::mutex mutex_;
  grpc::ClientContext* context_ = nullptr;
  std::atomic<bool> stopping_ = false;
};

}  // namespace cartwise::edge
