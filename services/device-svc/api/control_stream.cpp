#include "api/control_stream.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "api/translation.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/rpc/status.hpp"
#include "domain/presence.hpp"

namespace cartwise::device {
namespace {

constexpr size_t kEventsPerBatch = 500;
constexpr absl::Duration kDeliverAgain = absl::Seconds(1);

grpc::Status Silent(const char* what) {
  return {grpc::StatusCode::DEADLINE_EXCEEDED, what};
}

CommandState FromProto(v1::CommandResult::Outcome outcome) {
  switch (outcome) {
    case v1::CommandResult::SUCCEEDED:
      return CommandState::kSucceeded;
    case v1::CommandResult::FAILED:
      return CommandState::kFailed;
    case v1::CommandResult::DROPPED:
      return CommandState::kDropped;
    case v1::CommandResult::REJECTED:
      return CommandState::kRejected;
    default:
      return CommandState::kUnknown;
  }
}

// How many times the device acted, as its area tells.
int AttemptsIn(const google::protobuf::Struct& seen) {
  const auto pulses = seen.fields().find("pulses");
  return pulses == seen.fields().end() ? 0 : int(pulses->second.number_value());
}

}  // namespace

v1::Configuration ToConfiguration(const std::vector<Controller>& controllers) {
  v1::Configuration configuration;
  for (const Controller& controller : controllers) {
    auto& board = *configuration.add_boards();
    board.set_controller_id(controller.id.value());
    board.set_address(controller.address);
    board.set_port(controller.port);
    board.set_baudrate(controller.baudrate);
    board.set_invert_hook(controller.invert_hook);
    board.set_has_ir(controller.has_ir);
    board.set_pulse_ms(controller.pulse_ms);
  }
  return configuration;
}

ControlStream::ControlStream(grpc::CallbackServerContext* context, Caller caller,
                             std::string token_hash, const StreamParts& parts)
    : context_(context),
      caller_(std::move(caller)),
      device_id_(caller_.subject),
      token_hash_(std::move(token_hash)),
      parts_(parts),
      heard_at_(parts.clock.SinceBoot()) {}

ControlStream* ControlStream::Start(grpc::CallbackServerContext* context, Caller caller,
                                    std::string token_hash, const StreamParts& parts) {
  const std::shared_ptr<ControlStream> stream(
      new ControlStream(context, std::move(caller), std::move(token_hash), parts));
  parts.registry.Watch(stream);
  stream->StartRead(&stream->incoming_);
  return stream.get();
}

void ControlStream::OnLane(std::function<void()> work) {
  parts_.lanes.Post(device_id_.value(),
                    [self = shared_from_this(), work = std::move(work)] { work(); });
}

void ControlStream::OnReadDone(bool ok) {
  if (!ok) {
    End(grpc::Status::OK);
    return;
  }
  {
    std::lock_guard lock(mutex_);
    heard_at_ = parts_.clock.SinceBoot();
  }
  Take(std::exchange(incoming_, {}));
  StartRead(&incoming_);
}

void ControlStream::Take(v1::ControlRequest message) {
  switch (message.message_case()) {
    case v1::ControlRequest::kHello: {
      const absl::Duration received = parts_.clock.SinceBoot();
      std::lock_guard lock(mutex_);
      sample_ = {message.hello().boot_clock_ms(), received, parts_.clock.Now()};
      OnLane([this, hello = message.hello()] { TakeHello(hello); });
      break;
    }
    case v1::ControlRequest::kHeartbeat:
      TakeHeartbeat(message.heartbeat());
      break;
    case v1::ControlRequest::kResult:
      OnLane([this, result = std::move(*message.mutable_result())] { TakeResult(result); });
      break;
    case v1::ControlRequest::kEvent:
      TakeEvent(std::move(*message.mutable_event()));
      break;
    case v1::ControlRequest::kCaughtUp:
      OnLane([this] { TakeCaughtUp(); });
      break;
    case v1::ControlRequest::MESSAGE_NOT_SET:
      break;
  }
}

void ControlStream::TakeHello(const v1::Hello& hello) {
  if (!stream_.empty()) return End({grpc::StatusCode::INVALID_ARGUMENT, "a second Hello"});
  const Greeting greeting{token_hash_, hello.agent_epoch(), hello.last_seq(),
                          hello.firmware_version(), hello.ip_address()};
  auto opened = parts_.streams.Open(caller_, greeting);
  if (!opened.ok()) return End(rpc::ToGrpc(opened.status()));
  parts_.announced();
  stream_ = opened->id;
  caught_up_ = {opened->id, hello.agent_epoch(), hello.last_seq()};
  device_ = std::move(opened->device);

  v1::ControlResponse welcome;
  welcome.mutable_welcome()->set_device_id(device_id_.value());
  welcome.mutable_welcome()->set_heartbeat_interval_ms(
      int32_t(absl::ToInt64Milliseconds(kStreamHeartbeat)));
  *welcome.mutable_welcome()->mutable_configuration() = ToConfiguration(opened->controllers);
  {
    std::lock_guard lock(mutex_);
    greeted_ = true;
  }
  Enqueue(std::move(welcome));
  if (const auto older = parts_.registry.Put(device_id_, shared_from_this())) {
    older->End({grpc::StatusCode::ABORTED, "REPLACED"}, /*at_once=*/true);
  }
  obs::Info("agent connected", {{"device_id", device_id_.value()}});
  DeliverEvents();
}

void ControlStream::TakeHeartbeat(const v1::Heartbeat& beat) {
  {
    std::lock_guard lock(mutex_);
    sample_ = {beat.boot_clock_ms(), parts_.clock.SinceBoot(), parts_.clock.Now()};
    if (!greeted_) return;
  }
  parts_.streams.Note({caller_.chain, device_id_}, parts_.clock.Now());
}

void ControlStream::TakeResult(const v1::CommandResult& result) {
  const auto id = ParseId<CommandId>("command_id", result.command_id());
  if (!id.ok()) return End(rpc::ToGrpc(id.status()));
  const Outcome outcome{FromProto(result.outcome()), result.reason(), ToJson(result.seen()),
                        AttemptsIn(result.seen())};
  const auto reported = parts_.commands.Report(caller_, *id, outcome);
  if (!reported.ok()) {
    // The agent keeps it and says it again on the next stream.
    return End({grpc::StatusCode::UNAVAILABLE, "a result could not be stored"});
  }
  if (*reported == Reported::kNoSuchCommand) {
    obs::Warning("an agent reported a command it never had",
                 {{"device_id", device_id_.value()}, {"command_id", id->value()}});
  }
  parts_.announced();
  v1::ControlResponse committed;
  committed.set_result_committed(id->value());
  Enqueue(std::move(committed));
}

void ControlStream::TakeCaughtUp() {
  if (stream_.empty()) return;
  const absl::Status done = parts_.commands.CaughtUp(caller_, caught_up_);
  if (!done.ok()) return End({grpc::StatusCode::UNAVAILABLE, "try again"});
  parts_.announced();
}

void ControlStream::TakeEvent(v1::AgentEvent event) {
  {
    std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  DeliverEvents();
}

// One batch at a time per stream; what comes meanwhile joins the next one.
void ControlStream::DeliverEvents() {
  std::vector<v1::AgentEvent> batch;
  ClockSample sample;
  {
    std::lock_guard lock(mutex_);
    if (delivering_ || events_.empty() || !greeted_ || ended_) return;
    delivering_ = true;
    batch.assign(events_.begin(),
                 events_.begin() + std::ptrdiff_t(std::min(events_.size(), kEventsPerBatch)));
    sample = sample_;
  }
  std::vector<Event> events;
  for (const v1::AgentEvent& each : batch) {
    auto event = ToEvent(each, device_, sample, caught_up_.agent_epoch, parts_.clock.Now());
    // One that cannot be read would hold up all that follow for ever.
    if (event.ok()) {
      events.push_back(*std::move(event));
    } else {
      obs::Error("an agent's event is unusable", {{"device_id", device_id_.value()},
                                                  {"why", std::string(event.status().message())}});
    }
  }
  parts_.deliveries.Post(
      device_id_.value(), [self = shared_from_this(), events = std::move(events),
                           last = batch.back().journal_seq(), count = batch.size()] {
        const absl::Status delivered = self->parts_.courier.Deliver(events);
        if (!delivered.ok()) {
          obs::Warning("events wait for a sink", {{"device_id", self->device_id_.value()},
                                                  {"why", std::string(delivered.message())}});
        } else {
          self->NoteBoards(events);
          std::lock_guard lock(self->mutex_);
          self->events_.erase(self->events_.begin(), self->events_.begin() + std::ptrdiff_t(count));
        }
        {
          std::lock_guard lock(self->mutex_);
          self->delivering_ = false;
        }
        if (!delivered.ok()) {
          self->parts_.deliveries.PostAfter(self->device_id_.value(), kDeliverAgain,
                                            [self] { self->DeliverEvents(); });
          return;
        }
        v1::ControlResponse committed;
        committed.set_events_committed(last);
        self->Enqueue(std::move(committed));
        self->DeliverEvents();
      });
}

// A board that stopped or began to answer; the events are for the others, the
// board's status is ours.
void ControlStream::NoteBoards(const std::vector<Event>& events) {
  std::vector<std::pair<ControllerId, ControllerStatus>> seen;
  for (const Event& event : events) {
    const bool lost = event.type == "lock.board_lost";
    if (!lost && event.type != "lock.board_found") continue;
    const auto payload = nlohmann::json::parse(event.payload, nullptr, false);
    if (!payload.is_object()) continue;
    const auto id = ParseId<ControllerId>("controller_id", payload.value("controller_id", ""));
    if (id.ok())
      seen.emplace_back(*id, lost ? ControllerStatus::kError : ControllerStatus::kActive);
  }
  if (seen.empty()) return;
  const absl::Status stored = parts_.streams.BoardsSeen({caller_.chain, device_id_}, seen);
  if (!stored.ok())
    obs::Warning("board status not stored", {{"why", std::string(stored.message())}});
}

ClockSample ControlStream::clock_sample() const {
  std::lock_guard lock(mutex_);
  return sample_;
}

bool ControlStream::Send(const Order& order) {
  v1::Order out;
  out.set_command_id(order.command.value());
  out.set_device_id(order.device.device.value());
  out.set_chain_id(order.device.chain.value());
  out.set_agent_epoch(order.agent_epoch);
  out.set_seq(order.seq);
  out.set_not_after_ms(order.not_after_ms);
  out.set_kind(order.kind);
  *out.mutable_arguments() = ToStruct(order.arguments);
  v1::ControlResponse message;
  auto& signed_order = *message.mutable_order();
  signed_order.set_order(out.SerializeAsString());
  signed_order.set_signature(parts_.orders.Sign(signed_order.order()));
  signed_order.set_key_id(parts_.orders.id());
  return Enqueue(std::move(message));
}

void ControlStream::Configure(const std::vector<Controller>& controllers) {
  v1::ControlResponse message;
  *message.mutable_configuration() = ToConfiguration(controllers);
  Enqueue(std::move(message));
}

void ControlStream::Drop(const std::string& why) {
  End({grpc::StatusCode::ABORTED, why}, /*at_once=*/true);
}

void ControlStream::Check(absl::Duration now) {
  bool late = false, silent = false;
  {
    std::lock_guard lock(mutex_);
    late = !greeted_ && now - heard_at_ > kHelloWithin;
    silent = StreamIsSilent(heard_at_, now);
  }
  if (late) {
    End(Silent("no Hello in time"), /*at_once=*/true);
  } else if (silent) {
    End(Silent("silent for too long"), /*at_once=*/true);
  }
}

bool ControlStream::Enqueue(v1::ControlResponse message) {
  std::lock_guard lock(mutex_);
  if (ended_) return false;
  outgoing_.push_back(std::move(message));
  if (!writing_) {
    writing_ = true;
    StartWrite(&outgoing_.front());
  }
  return true;
}

void ControlStream::OnWriteDone(bool ok) {
  std::lock_guard lock(mutex_);
  outgoing_.pop_front();
  if (!ok && !ended_) {
    ended_ = true;
    end_status_ = {grpc::StatusCode::UNAVAILABLE, "the stream broke"};
  }
  if (ended_) {
    writing_ = false;
    if (!std::exchange(finished_, true)) Finish(end_status_);
    return;
  }
  if (outgoing_.empty()) {
    writing_ = false;
  } else {
    StartWrite(&outgoing_.front());
  }
}

// gRPC wants no write under way when the status goes out. A dead line would
// never finish its write, so ending one `at_once` cancels it.
void ControlStream::End(grpc::Status status, bool at_once) {
  std::lock_guard lock(mutex_);
  if (!ended_) {
    ended_ = true;
    end_status_ = std::move(status);
  }
  if (!writing_ && !std::exchange(finished_, true)) Finish(end_status_);
  if (at_once && writing_) context_->TryCancel();
}

void ControlStream::OnCancel() {
  End(grpc::Status::CANCELLED);
}

void ControlStream::OnDone() {
  parts_.registry.Remove(device_id_, this);
  const auto self = shared_from_this();
  OnLane([this] {
    if (stream_.empty()) return;
    const absl::Status closed = parts_.streams.Close({caller_.chain, device_id_}, stream_);
    // The job that looks for streams without a holder does it otherwise.
    if (!closed.ok()) obs::Warning("stream not closed", {{"why", std::string(closed.message())}});
    parts_.announced();
    obs::Info("agent gone", {{"device_id", device_id_.value()}});
  });
  parts_.registry.Unwatch(this);
}

}  // namespace cartwise::device
