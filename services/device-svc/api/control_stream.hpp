#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include <grpcpp/grpcpp.h>

#include "api/courier.hpp"
#include "api/lanes.hpp"
#include "api/link_registry.hpp"
#include "cartwise/auth/tokens.hpp"
#include "cartwise/device/v1/agent.grpc.pb.h"
#include "domain/commands.hpp"
#include "domain/streams.hpp"

namespace cartwise::device {

/// What the streams of this process share. Outlives them.
struct StreamParts {
  Streams& streams;
  Commands& commands;
  LinkRegistry& registry;
  const Courier& courier;
  const auth::SigningKey& orders;
  const Clock& clock;
  Lanes& lanes;       ///< for the database
  Lanes& deliveries;  ///< for sinks, which may be away
  std::function<void()> announced;
};

/// The control lane of one agent: a callback stream without a thread of its
/// own. gRPC calls it for each message; what may block goes to the lanes, where
/// the messages of one device stay in order.
class ControlStream final : public grpc::ServerBidiReactor<v1::ControlRequest, v1::ControlResponse>,
                            public Link,
                            public std::enable_shared_from_this<ControlStream> {
 public:
  /// Begins to read; lives until gRPC is done with it and nobody holds it.
  static ControlStream* Start(grpc::CallbackServerContext* context, Caller caller,
                              std::string token_hash, const StreamParts& parts);

  const ChainId& chain() const override { return caller_.chain; }
  const StreamId& stream() const override { return stream_; }
  const std::string& agent_epoch() const override { return caught_up_.agent_epoch; }
  ClockSample clock_sample() const override;
  std::timed_mutex& lane() override { return lane_; }
  bool Send(const Order& order) override;
  void Drop(const std::string& why) override;

  void Configure(const std::vector<Controller>& controllers);
  /// Ends it when it is silent or has not said Hello in time.
  void Check(absl::Duration now);
  const DeviceId& device() const { return device_id_; }

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  ControlStream(grpc::CallbackServerContext* context, Caller caller, std::string token_hash,
                const StreamParts& parts);

  void Take(v1::ControlRequest message);
  void TakeHello(const v1::Hello& hello);
  void TakeHeartbeat(const v1::Heartbeat& beat);
  void TakeResult(const v1::CommandResult& result);
  void TakeCaughtUp();
  void TakeEvent(v1::AgentEvent event);
  void DeliverEvents();
  void NoteBoards(const std::vector<Event>& events);

  bool Enqueue(v1::ControlResponse message);
  void End(grpc::Status status, bool at_once = false);
  void OnLane(std::function<void()> work);

  grpc::CallbackServerContext* const context_;
  const Caller caller_;
  const DeviceId device_id_;
  const std::string token_hash_;
  const StreamParts& parts_;
  std::timed_mutex lane_;
  v1::ControlRequest incoming_;

  // Written once, on the lane, before the stream is in the registry.
  StreamId stream_;
  CaughtUpStream caught_up_;
  Device device_;

  mutable std::mutex mutex_;
  std::deque<v1::ControlResponse> outgoing_;
  bool writing_ = false;
  bool ended_ = false;
  bool finished_ = false;
  bool greeted_ = false;
  grpc::Status end_status_;
  ClockSample sample_;
  absl::Duration heard_at_;
  std::deque<v1::AgentEvent> events_;
  bool delivering_ = false;
};

/// The boards of a device, for its agent.
v1::Configuration ToConfiguration(const std::vector<Controller>& controllers);

}  // namespace cartwise::device
