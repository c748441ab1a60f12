#pragma once

#include "cartwise/rpc/guard.hpp"
#include "cartwise/tenant/v1/otp.grpc.pb.h"
#include "domain/one_time_codes.hpp"

namespace cartwise::tenant {

/// OtpService over gRPC. Takes no Idempotency-Key: a stored answer would be a
/// stored token. Thread-safe; lives as long as what it is given.
class OtpRpc final : public v1::OtpService::Service {
 public:
  OtpRpc(rpc::Guard& guard, OneTimeCodes& codes) : guard_(guard), codes_(codes) {}

  grpc::Status RequestOtp(grpc::ServerContext* ctx, const v1::RequestOtpRequest* req,
                          v1::RequestOtpResponse* out) override;
  grpc::Status VerifyOtp(grpc::ServerContext* ctx, const v1::VerifyOtpRequest* req,
                         v1::ShopperSession* out) override;

 private:
  rpc::Guard& guard_;
  OneTimeCodes& codes_;
};

}  // namespace cartwise::tenant
