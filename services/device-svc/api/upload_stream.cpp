#include "api/upload_stream.hpp"

#include <set>
#include <utility>

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/rpc/server.hpp"
#include "cartwise/rpc/status.hpp"
#include "domain/reasons.hpp"

namespace cartwise::device {
namespace {

constexpr int kMostEvents = 500;
// What telemetry-svc takes in one message, less what goes around the events.
constexpr size_t kMostBytes = 1024 * 1024 - 1024;
constexpr absl::Duration kPerCall = absl::Seconds(10);
// How long a device that was quarantined or retired may go on uploading.
constexpr absl::Duration kAdmitAgain = absl::Seconds(4);

// "events[3].occurred_at" -> 3
std::set<int> EventsAtFault(const absl::Status& status) {
  std::set<int> at_fault;
  for (const auto& [field, message] : errors::Fields(status)) {
    const size_t open = field.find('['), close = field.find(']');
    int index = 0;
    if (open != field.npos && close != field.npos && close > open &&
        absl::SimpleAtoi(field.substr(open + 1, close - open - 1), &index)) {
      at_fault.insert(index);
    }
  }
  return at_fault;
}

}  // namespace

struct UploadStream::Call {
  grpc::ClientContext context;
  int64_t batch = 0;
  telemetry::v1::IngestRequest request;
  telemetry::v1::IngestResponse answer;
};

void UploadStream::OnMessage(v1::UploadRequest batch) {
  if (batch.events_size() < 1 || batch.events_size() > kMostEvents) {
    return Finish({grpc::StatusCode::INVALID_ARGUMENT, "a batch holds 1 to 500 events"});
  }
  if (batch.ByteSizeLong() > kMostBytes) {
    return Finish({grpc::StatusCode::INVALID_ARGUMENT, "a batch holds at most 1 MiB"});
  }
  parts_.lanes.Post(caller_.subject,
                    [self = shared_from_this(), batch = std::move(batch)]() mutable {
                      self->Begin(std::move(batch));
                    });
}

absl::Status UploadStream::Admit() {
  if (parts_.clock.Now() >= caller_.expires_at) return reasons::TokenRanOut();
  const absl::Duration now = parts_.clock.SinceBoot();
  if (device_ && now - admitted_at_ < kAdmitAgain) return absl::OkStatus();
  auto device = parts_.streams.Admit(caller_, token_hash_);
  if (!device.ok()) return device.status();
  device_ = *std::move(device);
  admitted_at_ = now;
  return absl::OkStatus();
}

void UploadStream::Begin(v1::UploadRequest batch) {
  const absl::Status admitted = Admit();
  if (!admitted.ok()) return Finish(rpc::ToGrpc(admitted));
  auto call = std::make_unique<Call>();
  call->batch = batch.batch();
  call->request.set_chain_id(device_->chain.value());
  call->request.set_branch_id(device_->branch.value());
  call->request.set_device_id(device_->id.value());
  for (auto& event : *batch.mutable_events()) {
    auto& out = *call->request.add_events();
    out.set_event_id(std::move(*event.mutable_event_id()));
    out.set_event_type(std::move(*event.mutable_event_type()));
    out.mutable_event_data()->Swap(event.mutable_event_data());
    if (event.has_occurred_at()) *out.mutable_occurred_at() = event.occurred_at();
  }
  Ingest(std::move(call));
}

void UploadStream::Ingest(std::unique_ptr<Call> call) {
  if (call->request.events().empty()) return Acknowledge(call->batch);
  rpc::Prepare(call->context, absl::Now() + kPerCall, "");
  auto* const raw = call.release();
  telemetry_.async()->Ingest(&raw->context, &raw->request, &raw->answer,
                             [self = shared_from_this(), raw](const grpc::Status& status) {
                               self->Ingested(std::unique_ptr<Call>(raw), rpc::FromGrpc(status));
                             });
}

void UploadStream::Ingested(std::unique_ptr<Call> call, const absl::Status& status) {
  if (status.ok()) return Acknowledge(call->batch);
  if (gone_) return;
  const auto at_fault = EventsAtFault(status);
  if (!absl::IsInvalidArgument(status) || at_fault.empty()) {
    // The agent keeps the batch and sends it on its next stream.
    return Finish(
        {grpc::StatusCode::UNAVAILABLE, "the batch could not be stored now; send it again"});
  }
  // They will never be taken; without them the others are.
  parts_.watch.Worry("telemetry was refused for good", device_->id,
                     absl::StrCat(at_fault.size(), " events: ", status.ToString()));
  auto again = std::make_unique<Call>();
  again->batch = call->batch;
  again->request = call->request;
  again->request.clear_events();
  for (int i = 0; i < call->request.events_size(); ++i) {
    if (!at_fault.contains(i)) again->request.add_events()->Swap(call->request.mutable_events(i));
  }
  if (again->request.events_size() == call->request.events_size()) {
    return Finish(
        {grpc::StatusCode::UNAVAILABLE, "the batch could not be stored now; send it again"});
  }
  Ingest(std::move(again));
}

void UploadStream::Acknowledge(int64_t batch) {
  v1::UploadResponse answer;
  answer.set_batch_committed(batch);
  Write(answer);
}

}  // namespace cartwise::device
