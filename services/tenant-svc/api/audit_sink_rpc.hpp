#pragma once

#include "cartwise/base/clock.hpp"
#include "cartwise/events/v1/event.grpc.pb.h"
#include "cartwise/rpc/guard.hpp"
#include "domain/audit.hpp"

namespace cartwise::tenant {

/// Takes the audited events of other services into the audit log.
class AuditSinkRpc final : public events::v1::EventSinkService::Service {
 public:
  AuditSinkRpc(rpc::Guard& guard, AuditDatabase& database, Digest digest, const Clock& clock)
      : guard_(guard), database_(database), digest_(digest), clock_(clock) {}

  grpc::Status Deliver(grpc::ServerContext* ctx, const events::v1::DeliverRequest* req,
                       google::protobuf::Empty* out) override;

 private:
  rpc::Guard& guard_;
  AuditDatabase& database_;
  const Digest digest_;
  const Clock& clock_;
};

}  // namespace cartwise::tenant
