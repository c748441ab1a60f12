#include "linux/control_link.hpp"

#include <thread>

#include <absl/strings/str_cat.h>

#include "linux/translate.hpp"

namespace cartwise::edge {
namespace {

namespace v1 = device::v1;

v1::ControlRequest Hello(const Greeting& greeting) {
  v1::ControlRequest message;
  auto& hello = *message.mutable_hello();
  hello.set_agent_epoch(greeting.agent_epoch);
  hello.set_boot_clock_ms(greeting.boot_clock_ms);
  hello.set_last_seq(greeting.last_seq);
  hello.set_firmware_version(kFirmwareVersion);
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
    welcomed_ = false;
    const auto stream = stub->Control(&context);
    const grpc::Status end = Serve(context, *stream);
    {
      std::lock_guard lock(mutex_);
      context_ = nullptr;
    }
    if (stopping_) return;
    if (welcomed_) backoff.Reset();
    const absl::Duration pause = backoff.Next();
    tools_.diary.Warning("the cloud is away; the agent goes on alone",
                         {{"code", std::to_string(end.error_code())},
                          {"why", end.error_message()},
                          {"again_in", absl::FormatDuration(pause)}});
    const absl::Duration until = tools_.clock.SinceBoot() + pause;
    while (!stopping_ && tools_.clock.SinceBoot() < until) tools_.bell.WaitUntil(until);
  }
}

grpc::Status ControlLink::Serve(grpc::ClientContext& context, Stream& stream) {
  v1::ControlResponse first;
  broken_ = false;
  if (!stream.Write(Hello(tools_.session.Begin())) || !stream.Read(&first) ||
      !first.has_welcome()) {
    context.TryCancel();
    return stream.Finish();
  }
  tools_.diary.Info("the cloud welcomes this agent", {{"device_id", first.welcome().device_id()}});
  welcomed_ = true;
  tools_.configure(FromProto(first.welcome().configuration()));
  tools_.session.Welcomed(absl::Milliseconds(first.welcome().heartbeat_interval_ms()));

  std::thread reader([&] { Read(stream); });
  Write(stream);
  context.TryCancel();
  reader.join();
  return stream.Finish();
}

void ControlLink::Write(Stream& stream) {
  while (!stopping_ && !broken_) {
    if (const auto message = tools_.session.Next()) {
      if (!stream.Write(ToProto(*message))) return;
    } else {
      tools_.bell.WaitUntil(tools_.session.next_heartbeat());
    }
  }
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
      tools_.bell.Ring();
      break;
    case v1::ControlResponse::kResultCommitted:
      tools_.book.ResultCommitted(CommandId(message.result_committed()));
      break;
    case v1::ControlResponse::kConfiguration:
      tools_.configure(FromProto(message.configuration()));
      break;
    case v1::ControlResponse::kWelcome:
    case v1::ControlResponse::MESSAGE_NOT_SET:
      break;
  }
}

void ControlLink::Reconnect() {
  std::lock_guard lock(mutex_);
  if (context_ != nullptr) context_->TryCancel();
}

void ControlLink::Stop() {
  stopping_ = true;
  Reconnect();
  tools_.bell.Ring();
}

}  // namespace cartwise::edge
