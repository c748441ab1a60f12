#include "linux/upload_link.hpp"

#include "linux/translate.hpp"

namespace cartwise::edge {

namespace v1 = device::v1;

void UploadLink::Run() {
  const auto stub = v1::AgentService::NewStub(tools_.cloud.channel());
  Backoff backoff;
  while (!stopping_) {
    if (tools_.queue.waiting() == 0) {
      tools_.bell.WaitUntil(tools_.clock.SinceBoot() + absl::Seconds(60));
      continue;
    }
    grpc::ClientContext context;
    Authorize(context, tools_.token());
    {
      std::lock_guard lock(mutex_);
      context_ = &context;
      if (stopping_) context.TryCancel();
    }
    const auto stream = stub->Upload(&context);
    const auto open = Serve(*stream, backoff);
    const grpc::Status end = stream->Finish();
    {
      std::lock_guard lock(mutex_);
      context_ = nullptr;
    }
    if (!open) {
      // Rows that cannot be read now will not be there in an instant either.
      if (tools_.queue.waiting() > 0) Pause(backoff.Next());
      continue;
    }
    // Of one measurement it only says that the cloud is busy.
    const bool too_big =
        end.error_code() == grpc::RESOURCE_EXHAUSTED && open->measurements.size() > 1;
    if (end.error_code() == grpc::INVALID_ARGUMENT || too_big) {
      tools_.diary.Warning("the cloud refuses telemetry", {{"why", end.error_message()}});
      tools_.queue.Refused(*open);
      continue;
    }
    const absl::Status status(static_cast<absl::StatusCode>(end.error_code()), end.error_message());
    Pause(IsRefusal(status) ? backoff.AfterRefusal() : backoff.Next());
  }
}

void UploadLink::Pause(absl::Duration duration) {
  const absl::Duration until = tools_.clock.SinceBoot() + duration;
  while (!stopping_ && tools_.clock.SinceBoot() < until) tools_.bell.WaitUntil(until);
}

std::optional<UploadQueue::Batch> UploadLink::Serve(Stream& stream, Backoff& backoff) {
  int64_t number = 0;
  while (!stopping_) {
    const UploadQueue::Batch batch = tools_.queue.Next();
    // A stream that nobody uses would only cost the cloud memory.
    if (batch.measurements.empty()) break;
    v1::UploadRequest request;
    request.set_batch(++number);
    for (const Measurement& each : batch.measurements) *request.add_events() = ToProto(each);
    v1::UploadResponse answer;
    if (!stream.Write(request) || !stream.Read(&answer)) return batch;
    if (answer.batch_committed() < number) continue;
    tools_.queue.Committed(batch);
    backoff.Reset();
  }
  stream.WritesDone();
  return std::nullopt;
}

void UploadLink::Reconnect() {
  std::lock_guard lock(mutex_);
  if (context_ != nullptr) context_->TryCancel();
}

void UploadLink::Stop() {
  stopping_ = true;
  Reconnect();
  tools_.bell.Ring();
}

}  // namespace cartwise::edge
