#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/event_pump.hpp"
#include "api/lanes.hpp"
#include "api/link_registry.hpp"
#include "api/order_keys.hpp"
#include "cartwise/device/v1/agent.pb.h"
#include "cartwise/rpc/stream_reactor.hpp"
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

/// The control lane of one agent: a stream without a thread of its own. The server calls it for
/// each message; what may block goes to the lanes, where the messages of one device stay in order.
/// After Hello nothing is read until the device is admitted and welcomed.
class ControlStream final : public rpc::BidiReactor<v1::ControlRequest, v1::ControlResponse>,
                            public Link,
                            public std::enable_shared_from_this<ControlStream> {
 public:
  ControlStream(Caller caller, std::string token_hash, const StreamParts& parts);

  const ChainId& chain() const override { return caller_.chain; }
  const StreamId& stream() const override { return caught_up_.stream; }
  const std::string& agent_epoch() const override { return caught_up_.agent_epoch; }
  ClockSample clock_sample() const override;
  bool ended() const;
  std::timed_mutex& turn() override { return turn_; }
  void Prepare(Order order) override;
  bool Send(const Order& order) override;
  void Drop(const std::string& why) override;

  const DeviceId& device() const { return key_.device; }
  absl::Time opened_at() const { return opened_at_; }
  void Configure(const std::vector<Controller>& controllers);
  /// Ends it when it is silent, has not said Hello in time or is older than its token may be,
  /// and cuts it off when it does not come to its end.
  void Check(absl::Duration now);
  /// The first call counts. The device is gone at once; the connection's part may take longer.
  void End(const grpc::Status& status);

 private:
  void OnBegin() override;
  void OnMessage(v1::ControlRequest message) override;
  void OnEnd() override { End(grpc::Status::OK); }
  void OnGone() override;

  void TakeFirst(v1::ControlRequest message);
  void Take(v1::ControlRequest message);
  void Greet(const v1::Hello& hello);
  void TakeHeartbeat(const v1::Heartbeat& beat);
  void TakeResult(const v1::CommandResult& result);
  void Record(const CommandId& id, const Outcome& outcome, bool heard);
  void TakeCaughtUp();
  void TakeEvent(v1::AgentEvent event);

  /// An order, ready for the wire.
  struct Prepared {
    Order order;
    auth::SigningKey key;
    std::string message;
  };
  Prepared Sign(const Order& order) const;
  /// The agent hears which keys sign when it has not heard of this one.
  void TellKeys(const auth::SigningKey& newest);
  bool Tell(const v1::ControlResponse& message);
  bool Tell(std::string framed);
  void Leave(const std::string& why);
  void OnLane(std::function<void(ControlStream&)> work,
              absl::Duration delay = absl::ZeroDuration());
  void OnLaneLater(std::function<void(ControlStream&)> work);

  const Caller caller_;
  const DeviceKey key_;
  std::string token_hash_;  ///< until it was greeted
  const StreamParts& parts_;
  std::timed_mutex turn_;

  // Written on the lane before the second message is read and before the stream
  // is in the registry.
  CaughtUpStream caught_up_;
  absl::Time opened_at_;
  BranchId branch_;
  std::shared_ptr<EventPump> pump_;
  absl::Duration noted_at_;

  // Written while the stream is greeted, then under turn().
  std::string told_key_;
  int64_t last_seq_ = 0;
  std::optional<Prepared> prepared_;

  mutable std::mutex mutex_;
  bool greeted_ = false;  // the first message came
  bool ended_ = false;    // nothing is sent any more
  absl::Duration ended_at_;
  ClockSample sample_;
  absl::Duration heard_at_;
};

}  // namespace cartwise::device
