#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>

#include <grpcpp/client_context.h>

#include "cartwise/device/v1/agent.grpc.pb.h"
#include "core/doorbell.hpp"
#include "core/event_journal.hpp"
#include "core/order_book.hpp"
#include "core/session.hpp"
#include "linux/cloud.hpp"
#include "linux/identity.hpp"

namespace cartwise::edge {

/// The control lane: keeps one stream to the cloud open, says what the session
/// wants said, passes on what the cloud says.
///
/// Run() belongs to one thread, which writes; reading has a thread of its own
/// per stream, so that an order is never behind a write. A stream's reader has
/// ended before the next stream's Hello is made, so that no order slips between
/// the two.
class ControlLink {
 public:
  struct Tools {
    const Cloud& cloud;
    Session& session;
    OrderBook& book;
    EventJournal& journal;
    Doorbell& bell;  ///< rung when the session has something to say
    const Clock& clock;
    Diary& diary;
    std::function<std::string()> token;
    std::function<void(const std::vector<BoardConfig>&)> configure;
    std::function<void(const VouchedOrderKeys&)> order_keys;
  };

  explicit ControlLink(Tools tools) : tools_(std::move(tools)) {}

  /// Until Stop().
  void Run();
  /// Ends the stream and Run(). Thread-safe.
  void Stop();
  /// Ends the stream, so that the next one uses a new token. Thread-safe.
  void Reconnect();

 private:
  using Stream = grpc::ClientReaderWriter<device::v1::ControlRequest, device::v1::ControlResponse>;

  grpc::Status Serve(grpc::ClientContext& context, Stream& stream);
  void Read(Stream& stream);
  void Take(const device::v1::ControlResponse& message);
  void Welcome(const device::v1::Welcome& welcome);
  bool AwaitWelcome();
  /// False when the stream ended under it.
  bool Write(Stream& stream);
  void PauseAfter(const grpc::Status& end, Backoff& backoff);

  const Tools tools_;
  std::mutex mutex_;
  grpc::ClientContext* context_ = nullptr;  ///< of the running stream
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> broken_ = false;            ///< the reader saw the end
  std::atomic<int> heartbeat_interval_ms_ = 0;  ///< of this stream's Welcome; 0 before
};

}  // namespace cartwise::edge
