#pragma once

#include <vector>

#include <absl/status/statusor.h>

#include "cartwise/base/event.hpp"
#include "cartwise/device/v1/agent.pb.h"
#include "cartwise/outbox/outbox.hpp"
#include "cartwise/telemetry/v1/telemetry.grpc.pb.h"
#include "domain/agent_clock.hpp"
#include "domain/device.hpp"

namespace cartwise::device {

/// Carries what agents say to whoever listens. This service does not know who
/// that is or why. Thread-safe; calls block.
class Courier {
 public:
  Courier(std::vector<outbox::Sink> sinks,
          std::unique_ptr<telemetry::v1::TelemetryIngestService::StubInterface> telemetry)
      : sinks_(std::move(sinks)), telemetry_(std::move(telemetry)) {}

  /// OK when every sink has committed all of them.
  absl::Status Deliver(const std::vector<Event>& events) const;
  /// OK when the batch is committed.
  absl::Status Upload(const Device& device, const v1::UploadRequest& batch) const;

 private:
  const std::vector<outbox::Sink> sinks_;
  const std::unique_ptr<telemetry::v1::TelemetryIngestService::StubInterface> telemetry_;
};

/// The event as the fleet knows it: of the authenticated device, at the time the
/// device saw it. INVALID_FIELD for one that cannot be read.
absl::StatusOr<Event> ToEvent(const v1::AgentEvent& event, const Device& device,
                              const ClockSample& sample, const std::string& epoch, absl::Time now);

}  // namespace cartwise::device
