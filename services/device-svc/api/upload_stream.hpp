#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "api/control_stream.hpp"
#include "cartwise/telemetry/v1/telemetry.grpc.pb.h"

namespace cartwise::device {

/// The upload lane of one agent: one batch at a time, acknowledged once it is
/// committed; the next one is read only when the agent takes that, so a slow record slows the
/// agent, and neither fills memory here.
class UploadStream final : public rpc::BidiReactor<v1::UploadRequest, v1::UploadResponse>,
                           public std::enable_shared_from_this<UploadStream> {
 public:
  using Telemetry = telemetry::v1::TelemetryIngestService::Stub;

  UploadStream(Caller caller, std::string token_hash, const StreamParts& parts,
               Telemetry& telemetry)
      : caller_(std::move(caller)),
        token_hash_(std::move(token_hash)),
        parts_(parts),
        telemetry_(telemetry) {}

 private:
  struct Call;

  void OnBegin() override { Read(); }
  void OnMessage(v1::UploadRequest batch) override;
  void OnEnd() override { Finish(grpc::Status::OK); }
  void OnWritten() override { Read(); }
  void OnGone() override { gone_ = true; }

  void Begin(v1::UploadRequest batch);
  absl::Status Admit();
  void Ingest(std::unique_ptr<Call> call);
  void Ingested(std::unique_ptr<Call> call, const absl::Status& status);
  void Acknowledge(int64_t batch);

  const Caller caller_;
  const std::string token_hash_;
  const StreamParts& parts_;
  Telemetry& telemetry_;
  std::optional<Device> device_;
  absl::Duration admitted_at_;
  std::atomic<bool> gone_ = false;
};

}  // namespace cartwise::device
