#pragma once

#include <memory>

#include <absl/status/statusor.h>
#include <grpcpp/channel.h>

#include "cartwise/base/event.hpp"
#include "cartwise/events/v1/event.pb.h"
#include "cartwise/outbox/outbox.hpp"

namespace cartwise::outbox {

/// A sink behind EventSinkService of another service.
Sink RemoteSink(std::string name, std::shared_ptr<grpc::Channel> channel,
                absl::Duration gather = absl::ZeroDuration());

/// The audit log, which tenant-svc keeps.
Sink AuditSink(std::shared_ptr<grpc::Channel> tenant_svc);

/// INVALID_ARGUMENT unless ids are UUIDs and type and time are there.
absl::StatusOr<Event> FromProto(const events::v1::Event& event);
events::v1::Event ToProto(const Event& event);

}  // namespace cartwise::outbox
