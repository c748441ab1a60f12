#pragma once

#include "cartwise/base/clock.hpp"
#include "cartwise/rpc/guard.hpp"
#include "cartwise/tenant/v1/revocations.grpc.pb.h"
#include "domain/revocation.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// RevocationService over gRPC, a thread per watching gateway. Thread-safe; lives
/// as long as what it is given.
class RevocationsRpc final : public v1::RevocationService::Service {
 public:
  RevocationsRpc(rpc::Guard& guard, TenantDatabase& database, RevocationFeed& feed,
                 const Clock& clock)
      : guard_(guard), database_(database), feed_(feed), clock_(clock) {}

  grpc::Status WatchRevocations(grpc::ServerContext* ctx, const v1::WatchRevocationsRequest* req,
                                grpc::ServerWriter<v1::WatchRevocationsResponse>* out) override;

 private:
  absl::StatusOr<std::vector<Revocation>> Recent();

  rpc::Guard& guard_;
  TenantDatabase& database_;
  RevocationFeed& feed_;
  const Clock& clock_;
};

}  // namespace cartwise::tenant
