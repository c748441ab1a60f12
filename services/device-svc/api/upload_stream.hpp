#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <grpcpp/grpcpp.h>

#include "api/control_stream.hpp"
#include "cartwise/telemetry/v1/telemetry.grpc.pb.h"

namespace cartwise::device {

/// The upload lane of one agent: one batch at a time, acknowledged once it is
/// committed; the next one is read only then, so a slow record slows the agent
/// and fills no memory here. Owns itself until gRPC is done with it.
class UploadStream final : public grpc::ServerBidiReactor<v1::UploadRequest, v1::UploadResponse>,
                           public std::enable_shared_from_this<UploadStream> {
 public:
  using Telemetry = telemetry::v1::TelemetryIngestService::Stub;

  static UploadStream* Start(Caller caller, std::string token_hash, const StreamParts& parts,
                             Telemetry& telemetry);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  struct Call;
  UploadStream(Caller caller, std::string token_hash, const StreamParts& parts,
               Telemetry& telemetry)
      : caller_(std::move(caller)),
        token_hash_(std::move(token_hash)),
        parts_(parts),
        telemetry_(telemetry) {}

  void Begin();
  absl::Status Admit();
  void Ingest(std::unique_ptr<Call> call);
  void Ingested(std::unique_ptr<Call> call, const absl::Status& status);
  void Acknowledge(int64_t batch);
  void End(const grpc::Status& status);

  const Caller caller_;
  const std::string token_hash_;
  const StreamParts& parts_;
  Telemetry& telemetry_;
  v1::UploadRequest incoming_;
  v1::UploadResponse answer_;
  std::optional<Device> device_;
  absl::Duration admitted_at_;

  std::mutex mutex_;
  bool finished_ = false;
  std::shared_ptr<UploadStream> self_;
};

}  // namespace cartwise::device
