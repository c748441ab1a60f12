#pragma once

#include <memory>
#include <string>

#include "cartwise/privacy/v1/holder.grpc.pb.h"
#include "domain/erasure.hpp"

namespace cartwise::tenant {

/// A service that holds personal data, behind its PersonalDataHolderService.
/// Thread-safe.
class HolderClient final : public DataHolder {
 public:
  HolderClient(std::string name, const std::shared_ptr<grpc::Channel>& channel)
      : name_(std::move(name)), stub_(privacy::v1::PersonalDataHolderService::NewStub(channel)) {}

  const std::string& Name() const override { return name_; }
  absl::StatusOr<std::string> Export(const Person& person, absl::Time deadline) override;
  absl::StatusOr<Erased> Erase(const ErasureOrder& order, absl::Time deadline) override;

 private:
  const std::string name_;
  const std::unique_ptr<privacy::v1::PersonalDataHolderService::Stub> stub_;
};

}  // namespace cartwise::tenant
