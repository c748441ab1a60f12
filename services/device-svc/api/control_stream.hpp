#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "api/event_pump.hpp"
#include "api/lanes.hpp"
#include "api/link_registry.hpp"
#include "api/order_keys.hpp"
#include "cartwise/device/v1/agent.grpc.pb.h"
#include "domain/commands.hpp"
#include "domain/streams.hpp"
#include "domain/watch.hpp"

namespace cartwise::device {

/// What the streams of this process share. Outlives them.
struct StreamParts {
  Streams& streams;
  Commands& commands;
  LinkRegistry& registry;
  const std::vector<EventTaker*>& takers;
  const OrderKeys& orders;
  const Clock& clock;
  Lanes& lanes;
  Watch& watch;
  std::function<void()> announced;  ///< something may wait in the outbox
};

/// The control lane of one agent: a callback stream without a thread of its
/// own. gRPC calls it for each message; what may block goes to the lanes, where
/// the messages of one device stay in order. After Hello nothing is read until
/// the device is admitted and welcomed.
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

  const DeviceId& device() const { return device_id_; }
  absl::Time opened_at() const { return opened_at_; }
  void Configure(const std::vector<Controller>& controllers);
  /// Ends it when it is silent or has not said Hello in time, and cuts it off
  /// when it does not come to its end.
  void Check(absl::Duration now);
  /// The first call counts. The device is gone at once; gRPC's part may take longer.
  void End(const grpc::Status& status);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  ControlStream(grpc::CallbackServerContext* context, Caller caller, std::string token_hash,
                const StreamParts& parts);

  void TakeFirst(v1::ControlRequest message);
  void Take(v1::ControlRequest message);
  void Greet(const v1::Hello& hello);
  void TakeHeartbeat(const v1::Heartbeat& beat);
  void TakeResult(const v1::CommandResult& result);
  void TakeCaughtUp();
  void TakeEvent(v1::AgentEvent event);

  /// The agent hears which keys sign when it has not heard of this one.
  void TellKeys(const auth::SigningKey& newest);
  void ReadNext();
  bool Enqueue(v1::ControlResponse message);
  void Leave();
  void OnLane(std::function<void(ControlStream&)> work);

  grpc::CallbackServerContext* const context_;
  const Caller caller_;
  const DeviceId device_id_;
  const std::string token_hash_;
  const StreamParts& parts_;
  std::timed_mutex lane_;
  v1::ControlRequest incoming_;

  // Written on the lane before the second message is read and before the stream
  // is in the registry.
  StreamId stream_;
  CaughtUpStream caught_up_;
  absl::Time opened_at_;
  Device device_;
  std::shared_ptr<EventPump> pump_;
  absl::Duration noted_at_;

  // Written while the stream is greeted, then under lane().
  std::string told_key_;

  mutable std::mutex mutex_;
  std::deque<v1::ControlResponse> outgoing_;
  bool greeted_ = false;  // the first message came
  bool writing_ = false;
  bool ended_ = false;     // nothing is sent any more
  bool finished_ = false;  // gRPC was told
  bool done_ = false;      // the context is gone
  grpc::Status end_status_;
  absl::Duration ended_at_;
  ClockSample sample_;
  absl::Duration heard_at_;
};

}  // namespace cartwise::device
