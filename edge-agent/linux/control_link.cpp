#include "linux/control_link.hpp"

#include <thread>

#include "linux/local_address.hpp"
#include "linux/translate.hpp"

namespace cartwise::edge {
namespace {

namespace v1 = device::v1;

constexpr absl::Duration kWelcomePatience = absl::Seconds(10);
constexpr int kDefaultHeartbeatMs = 5000;

v1::ControlRequest Hello(const Greeting& greeting) {
  v1::ControlRequest message;
  auto& hello = *message.mutable_hello();
  hello.set_agent_epoch(greeting.agent_epoch);
  hello.set_boot_clock_ms(greeting.boot_clock_ms);
  hello.set_last_seq(greeting.last_seq);
  hello.set_firmware_version(kFirmwareVersion);
  hello.set_ip_address(LocalAddress());
  return message;
}

}  // namespace

void ControlLink::Run() {
  const auto stub = v1::AgentService::NewStub(tools_.cloud.channel());
  Backoff backoff;
  while (!stopping_) {
    grpc::ClientContext context;
    Authorize(context, tools_.token());
    {
      std::lock_guard lock(mutex_);
      context_ = &context;
      if (stopping_) context.TryCancel();
    }
    const auto stream = stub->Control(&context);
    const grpc::Status end = Serve(context, *stream);
    {
      std::lock_guard lock(mutex_);
      context_ = nullptr;
    }
    if (!stopping_) PauseAfter(end, backoff);
  }
}

void ControlLink::PauseAfter(const grpc::Status& end, Backoff& backoff) {
  const absl::Status status(static_cast<absl::StatusCode>(end.error_code()), end.error_message());
  if (heartbeat_interval_ms_ > 0) backoff.Reset();
  const bool refused = IsRefusal(status);
  const absl::Duration pause = refused ? backoff.AfterRefusal() : backoff.Next();
  tools_.diary.Warning(refused ? "the cloud refuses this device; an installer has to put it right"
                               : "the cloud is away; the agent goes on alone",
                       {{"code", absl::StatusCodeToString(status.code())},
                        {"why", end.error_message()},
                        {"again_in", absl::FormatDuration(pause)}});
  const std::string token = tools_.token();
  const absl::Duration until = tools_.clock.SinceBoot() + pause;
  // A new token ends the wait.
  while (!stopping_ && tools_.clock.SinceBoot() < until && tools_.token() == token) {
    tools_.bell.WaitUntil(until);
  }
}

grpc::Status ControlLink::Serve(grpc::ClientContext& context, Stream& stream) {
  broken_ = false;
  heartbeat_interval_ms_ = 0;
  const bool said_hello = stream.Write(Hello(tools_.session.Begin()));
  std::thread reader([&] { Read(stream); });
  bool cloud_ended_it = !said_hello;
  if (said_hello && AwaitWelcome()) {
    tools_.session.Welcomed(absl::Milliseconds(heartbeat_interval_ms_.load()));
    cloud_ended_it = !Write(stream);
  }
  // A cancelled stream has no other status any more.
  if (!cloud_ended_it && !broken_) context.TryCancel();
  reader.join();
  return stream.Finish();
}

bool ControlLink::AwaitWelcome() {
  const absl::Duration until = tools_.clock.SinceBoot() + kWelcomePatience;
  while (!stopping_ && !broken_ && heartbeat_interval_ms_ == 0 &&
         tools_.clock.SinceBoot() < until) {
    tools_.bell.WaitUntil(until);
  }
  return heartbeat_interval_ms_ > 0;
}

void ControlLink::Welcome(const v1::Welcome& welcome) {
  tools_.diary.Info("the cloud welcomes this agent", {{"device_id", welcome.device_id()}});
  tools_.configure(FromProto(welcome.configuration()));
  heartbeat_interval_ms_ =
      welcome.heartbeat_interval_ms() > 0 ? welcome.heartbeat_interval_ms() : kDefaultHeartbeatMs;
  tools_.bell.Ring();
}

bool ControlLink::Write(Stream& stream) {
  while (!stopping_ && !broken_) {
    if (const auto message = tools_.session.Next()) {
      if (!stream.Write(ToProto(*message))) return false;
    } else {
      tools_.bell.WaitUntil(tools_.session.next_heartbeat());
    }
  }
  return !broken_;
}

void ControlLink::Read(Stream& stream) {
  v1::ControlResponse message;
  while (stream.Read(&message)) Take(message);
  broken_ = true;
  tools_.bell.Ring();
}

void ControlLink::Take(const v1::ControlResponse& message) {
  switch (message.message_case()) {
    case v1::ControlResponse::kOrder: {
      auto order = FromProto(message.order());
      if (order.ok()) {
        tools_.book.Offer(*order);
      } else {
        tools_.diary.Error("an order cannot be read and is not carried out");
      }
      break;
    }
    case v1::ControlResponse::kEventsCommitted:
      tools_.journal.Committed(message.events_committed());
      break;
    case v1::ControlResponse::kResultCommitted:
      tools_.book.ResultCommitted(CommandId(message.result_committed()));
      break;
    case v1::ControlResponse::kConfiguration:
      tools_.configure(FromProto(message.configuration()));
      break;
    case v1::ControlResponse::kOrderKeys:
      tools_.order_keys(FromProto(message.order_keys()));
      break;
    case v1::ControlResponse::kWelcome:
      Welcome(message.welcome());
      break;
    case v1::ControlResponse::MESSAGE_NOT_SET:
      break;
  }
}

void ControlLink::Reconnect() {
  std::lock_guard lock(mutex_);
  if (context_ != nullptr) context_->TryCancel();
  tools_.bell.Ring();
}

void ControlLink::Stop() {
  stopping_ = true;
  Reconnect();
}

}  // namespace cartwise::edge
