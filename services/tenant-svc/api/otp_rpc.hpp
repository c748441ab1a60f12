#pragma once

#include "cartwise/rpc/guard.hpp"
#include "cartwise/tenant/v1/otp.grpc.pb.h"
#include "domain/one_time_codes.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// OtpService over gRPC. Takes no Idempotency-Key: a stored answer would be a
/// stored token. Thread-safe; lives as long as what it is given.
class OtpRpc final : public v1::OtpService::Service {
 public:
  OtpRpc(rpc::Guard& guard, OneTimeCodes& codes, TenantDatabase& database, const Clock& clock)
      : guard_(guard), codes_(codes), database_(database), clock_(clock) {}

  grpc::Status RequestOtp(grpc::ServerContext* ctx, const v1::RequestOtpRequest* req,
                          v1::RequestOtpResponse* out) override;
  grpc::Status VerifyOtp(grpc::ServerContext* ctx, const v1::VerifyOtpRequest* req,
                         v1::ShopperSession* out) override;
  grpc::Status SignOut(grpc::ServerContext* ctx, const v1::SignOutRequest* req,
                       google::protobuf::Empty* out) override;

 private:
  rpc::Guard& guard_;
  OneTimeCodes& codes_;
  TenantDatabase& database_;
  const Clock& clock_;
};

}  // namespace cartwise::tenant
