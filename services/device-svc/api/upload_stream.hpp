#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <grpcpp/grpcpp.h>

#include "api/control_stream.hpp"

namespace cartwise::device {

/// The upload lane of one agent: one batch at a time, acknowledged once it is
/// committed. Owns itself until gRPC is done with it.
class UploadStream final : public grpc::ServerBidiReactor<v1::UploadRequest, v1::UploadResponse>,
                           public std::enable_shared_from_this<UploadStream> {
 public:
  static UploadStream* Start(Caller caller, std::string token_hash, const StreamParts& parts);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  UploadStream(Caller caller, std::string token_hash, const StreamParts& parts)
      : caller_(std::move(caller)), token_hash_(std::move(token_hash)), parts_(parts) {}

  void Commit();
  void End(const grpc::Status& status);

  const Caller caller_;
  const std::string token_hash_;
  const StreamParts& parts_;
  v1::UploadRequest batch_;
  v1::UploadResponse answer_;
  std::optional<Device> device_;

  std::mutex mutex_;
  bool finished_ = false;
  std::shared_ptr<UploadStream> self_;
};

}  // namespace cartwise::device
