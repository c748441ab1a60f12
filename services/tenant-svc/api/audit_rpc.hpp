#pragma once

#include "cartwise/rpc/guard.hpp"
#include "cartwise/tenant/v1/audit.grpc.pb.h"
#include "domain/audit.hpp"

namespace cartwise::tenant {

/// AuditService: chains read their audit log.
class AuditRpc final : public v1::AuditService::Service {
 public:
  AuditRpc(rpc::Guard& guard, AuditDatabase& database) : guard_(guard), database_(database) {}

  grpc::Status ListAudit(grpc::ServerContext* ctx, const v1::ListAuditRequest* req,
                         v1::ListAuditResponse* out) override;
  grpc::Status ExportAudit(grpc::ServerContext* ctx, const v1::ExportAuditRequest* req,
                           options::v1::File* out) override;

 private:
  rpc::Guard& guard_;
  AuditDatabase& database_;
};

}  // namespace cartwise::tenant
