#include "api/upload_stream.hpp"

#include <utility>

#include "cartwise/rpc/status.hpp"

namespace cartwise::device {

UploadStream* UploadStream::Start(Caller caller, std::string token_hash, const StreamParts& parts) {
  const std::shared_ptr<UploadStream> stream(
      new UploadStream(std::move(caller), std::move(token_hash), parts));
  stream->self_ = stream;
  stream->StartRead(&stream->batch_);
  return stream.get();
}

void UploadStream::OnReadDone(bool ok) {
  if (!ok) return End(grpc::Status::OK);
  parts_.deliveries.Post(caller_.subject, [self = shared_from_this()] { self->Commit(); });
}

void UploadStream::Commit() {
  if (!device_) {
    auto device = parts_.streams.Admit(caller_, token_hash_);
    if (!device.ok()) return End(rpc::ToGrpc(device.status()));
    device_ = *std::move(device);
  }
  const absl::Status stored = parts_.courier.Upload(*device_, batch_);
  if (!stored.ok()) return End(rpc::ToGrpc(stored));
  answer_.set_batch_committed(batch_.batch());
  // What the last batch needed is not what the next one will.
  batch_ = {};
  std::lock_guard lock(mutex_);
  if (!finished_) StartWrite(&answer_);
}

void UploadStream::OnWriteDone(bool ok) {
  if (!ok) return End({grpc::StatusCode::UNAVAILABLE, "the stream broke"});
  StartRead(&batch_);
}

void UploadStream::OnCancel() {
  End(grpc::Status::CANCELLED);
}

void UploadStream::End(const grpc::Status& status) {
  std::lock_guard lock(mutex_);
  if (!std::exchange(finished_, true)) Finish(status);
}

void UploadStream::OnDone() {
  const auto last = std::move(self_);
}

}  // namespace cartwise::device
