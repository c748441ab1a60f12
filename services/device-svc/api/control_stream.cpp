#include "api/control_stream.hpp"

#include <utility>

#include "api/agent_event.hpp"
#include "api/agent_messages.hpp"
#include "cartwise/rpc/status.hpp"
#include "domain/presence.hpp"
#include "domain/reasons.hpp"

namespace cartwise::device {
namespace {

// A dead line never finishes its last write; then the rest is cancelled.
constexpr absl::Duration kEndWithin = absl::Seconds(2);

// What nobody waits for stands back while what was waited for goes on its way.
constexpr absl::Duration kStandsBack = absl::Milliseconds(5);

}  // namespace

ControlStream::ControlStream(Caller caller, std::string token_hash, const StreamParts& parts)
    : caller_(std::move(caller)),
      key_{caller_.chain, DeviceId(caller_.subject)},
      token_hash_(std::move(token_hash)),
      parts_(parts),
      noted_at_(parts.clock.SinceBoot()),
      heard_at_(parts.clock.SinceBoot()) {}

void ControlStream::OnLane(std::function<void(ControlStream&)> work, absl::Duration delay) {
  parts_.lanes.PostAfter(key_.device.value(), delay,
                         [self = shared_from_this(), work = std::move(work)] { work(*self); });
}

void ControlStream::OnLaneLater(std::function<void(ControlStream&)> work) {
  OnLane(std::move(work), kStandsBack);
}

// --- What the agent says --------------------------------------------------

void ControlStream::OnBegin() {
  parts_.registry.Watch(shared_from_this());
  Read();
}

void ControlStream::OnMessage(v1::ControlRequest message) {
  bool first = false;
  {
    std::lock_guard lock(mutex_);
    if (ended_) return;
    heard_at_ = parts_.clock.SinceBoot();
    first = !std::exchange(greeted_, true);
  }
  if (first) return TakeFirst(std::move(message));
  Take(std::move(message));
  Read();
}

void ControlStream::TakeFirst(v1::ControlRequest message) {
  if (!message.has_hello()) {
    return End({grpc::StatusCode::INVALID_ARGUMENT, "the first message must be Hello"});
  }
  {
    std::lock_guard lock(mutex_);
    sample_ = {message.hello().boot_clock_ms(), heard_at_, parts_.clock.Now()};
  }
  OnLane([hello = message.hello()](ControlStream& self) { self.Greet(hello); });
}

void ControlStream::Take(v1::ControlRequest message) {
  switch (message.message_case()) {
    case v1::ControlRequest::kHello:
      return End({grpc::StatusCode::INVALID_ARGUMENT, "a second Hello"});
    case v1::ControlRequest::kHeartbeat:
      return TakeHeartbeat(message.heartbeat());
    case v1::ControlRequest::kResult:
      return TakeResult(message.result());
    case v1::ControlRequest::kEvent:
      return TakeEvent(std::move(*message.mutable_event()));
    case v1::ControlRequest::kCaughtUp:
      // Not before a result that came first, nor before what its events prove: that a lock opened
      // of which the agent knows nothing any more.
      return pump_->WhenDecided([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self) self->OnLaneLater([](ControlStream& stream) { stream.TakeCaughtUp(); });
      });
    case v1::ControlRequest::kProving:
      return parts_.commands.HearProving(caller_, CommandId(message.proving().command_id()));
    case v1::ControlRequest::MESSAGE_NOT_SET:
      return;  // of a newer agent
  }
}

void ControlStream::Greet(const v1::Hello& hello) {
  if (ended()) return;
  auto opened = parts_.streams.Open(
      caller_, {std::exchange(token_hash_, {}), hello.agent_epoch(), hello.last_seq(),
                hello.firmware_version(), hello.ip_address()});
  if (!opened.ok()) return End(rpc::ToGrpc(opened.status()));
  opened_at_ = parts_.clock.Now();
  caught_up_ = {opened->id, hello.agent_epoch(), hello.last_seq()};
  branch_ = std::move(opened->device.branch);
  pump_ = std::make_shared<EventPump>(EventPump::Parts{parts_.takers, parts_.lanes, parts_.watch,
                                                       key_.device,
                                                       [weak = weak_from_this()](int64_t seq) {
                                                         const auto self = weak.lock();
                                                         if (self) self->Tell(EventsCommitted(seq));
                                                       }});
  Tell(WelcomeTo(key_.device, opened->controllers));
  TellKeys(parts_.orders.Newest());
  if (const auto older = parts_.registry.Put(key_.device, shared_from_this())) {
    older->End({grpc::StatusCode::ABORTED, "REPLACED"});
  }
  // Who hears that the device is there can command it.
  parts_.announced();
  parts_.watch.Note("agent connected", key_.device, hello.firmware_version());
  Read();
}

void ControlStream::TakeHeartbeat(const v1::Heartbeat& beat) {
  const absl::Duration now = parts_.clock.SinceBoot();
  const absl::Time wall = parts_.clock.Now();
  {
    std::lock_guard lock(mutex_);
    sample_ = {beat.boot_clock_ms(), heard_at_, wall};
  }
  if (now - noted_at_ < kHeartbeatStoredEvery) return;
  noted_at_ = now;
  parts_.streams.Note(key_, wall);
}

void ControlStream::TakeResult(const v1::CommandResult& result) {
  auto id = ParseId<CommandId>("command_id", result.command_id());
  if (!id.ok()) return End(rpc::ToGrpc(id.status()));
  Outcome outcome = OutcomeOf(result);
  const bool heard = parts_.commands.Hear(caller_, *id, outcome);
  auto record = [id = *std::move(id), outcome = std::move(outcome), heard](ControlStream& self) {
    self.Record(id, outcome, heard);
  };
  return heard ? OnLaneLater(std::move(record)) : OnLane(std::move(record));
}

void ControlStream::Record(const CommandId& id, const Outcome& outcome, bool heard) {
  const auto reported = parts_.commands.Report(caller_, id, outcome, heard);
  if (!reported.ok()) {
    // The agent keeps it and says it again on its next stream.
    parts_.watch.Worry("a result could not be stored", key_.device, reported.status().ToString());
    return End({grpc::StatusCode::UNAVAILABLE, "the result could not be stored now"});
  }
  if (*reported == Reported::kNoSuchCommand) {
    parts_.watch.Worry("a result of a command that it never had", key_.device, id.value());
  } else if (*reported == Reported::kContradicts) {
    parts_.watch.Worry("a result that differs from what is known", key_.device, id.value());
  } else if (*reported == Reported::kWritten) {
    parts_.watch.Ended(outcome.state);
  }
  Tell(ResultCommitted(id));
}

// Results that came before it may have failed to be stored: then it does not hold.
void ControlStream::TakeCaughtUp() {
  if (ended()) return;
  const absl::Status done = parts_.commands.CaughtUp(caller_, caught_up_);
  if (done.ok()) return;
  parts_.watch.Worry("open commands could not be settled", key_.device, done.ToString());
  End({grpc::StatusCode::UNAVAILABLE, "open commands could not be settled now"});
}

void ControlStream::TakeEvent(v1::AgentEvent event) {
  const int64_t seq = event.journal_seq();
  auto readable = ToEvent(std::move(event), key_, branch_, clock_sample(), caught_up_.agent_epoch,
                          parts_.clock.Now());
  if (!readable.ok()) {
    parts_.watch.Worry("an event is unusable", key_.device, readable.status().ToString());
  }
  const bool room =
      pump_->Put(seq, readable.ok() ? std::optional(*std::move(readable)) : std::nullopt);
  if (!room) {
    End({grpc::StatusCode::RESOURCE_EXHAUSTED, "too many events are not acknowledged yet"});
  }
}

// --- What the cloud says --------------------------------------------------

bool ControlStream::ended() const {
  std::lock_guard lock(mutex_);
  return ended_;
}

ClockSample ControlStream::clock_sample() const {
  std::lock_guard lock(mutex_);
  return sample_;
}

void ControlStream::Prepare(Order order) {
  order.seq = last_seq_ + 1;
  prepared_ = Sign(order);
}

ControlStream::Prepared ControlStream::Sign(const Order& order) const {
  const auth::SigningKey key = parts_.orders.Newest();
  return {order, key, rpc::Framed(Signed(order, key))};
}

bool ControlStream::Send(const Order& order) {
  auto prepared = std::exchange(prepared_, std::nullopt);
  if (!prepared || prepared->order != order) prepared = Sign(order);
  last_seq_ = order.seq;
  TellKeys(prepared->key);
  return Tell(std::move(prepared->message));
}

void ControlStream::TellKeys(const auth::SigningKey& newest) {
  if (std::exchange(told_key_, newest.id()) == newest.id()) return;
  Tell(parts_.orders.Vouched());
}

void ControlStream::Configure(const std::vector<Controller>& controllers) {
  Tell(Configured(controllers));
}

bool ControlStream::Tell(const v1::ControlResponse& message) {
  return Tell(rpc::Framed(message));
}

bool ControlStream::Tell(std::string framed) {
  std::lock_guard lock(mutex_);
  if (!ended_) rpc::StreamReactor::Send(std::move(framed));
  return !ended_;
}

// --- The end ----------------------------------------------------------------

void ControlStream::Drop(const std::string& why) {
  End({grpc::StatusCode::ABORTED, why});
}

void ControlStream::Check(absl::Duration now) {
  bool late = false, silent = false;
  {
    std::lock_guard lock(mutex_);
    if (ended_) {
      if (now - ended_at_ > kEndWithin) Cancel();
      return;
    }
    late = !greeted_ && now - heard_at_ > kHelloWithin;
    silent = StreamIsSilent(heard_at_, now);
  }
  if (late) return End({grpc::StatusCode::DEADLINE_EXCEEDED, "no Hello in time"});
  if (parts_.clock.Now() >= caller_.expires_at) return End(rpc::ToGrpc(reasons::TokenRanOut()));
  if (silent) End({grpc::StatusCode::DEADLINE_EXCEEDED, "silent for too long"});
}

void ControlStream::End(const grpc::Status& status) {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return;
    ended_at_ = parts_.clock.SinceBoot();
    Finish(status);
  }
  parts_.registry.Remove(key_.device, this);
  OnLane([why = status.error_message()](ControlStream& self) { self.Leave(why); });
}

// On the lane, so after a Greet that was still under way.
void ControlStream::Leave(const std::string& why) {
  parts_.registry.Remove(key_.device, this);
  if (pump_) pump_->Stop();
  if (stream().empty()) return;
  const absl::Status closed = parts_.streams.Close(key_, stream());
  // The job that looks for streams without a holder does it otherwise.
  if (!closed.ok()) parts_.watch.Worry("stream not closed", key_.device, closed.ToString());
  parts_.announced();
  parts_.watch.Note("agent gone", key_.device, why);
}

void ControlStream::OnGone() {
  End(grpc::Status::CANCELLED);
  parts_.registry.Unwatch(this);
}

}  // namespace cartwise::device
