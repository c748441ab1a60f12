#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <absl/time/time.h>

#include "cartwise/base/audit.hpp"
#include "cartwise/base/ids.hpp"

namespace cartwise {

/// Something that happened; mirrors cartwise.events.v1.Event.
struct Event {
  EventId id;
  ChainId chain;
  BranchId branch;  ///< empty for the whole chain
  DeviceId device;  ///< empty when none
  std::string source;
  std::string type;
  std::string subject;
  absl::Time occurred_at;
  int64_t sequence = 0;
  std::string payload = "{}";  ///< a JSON object
  std::string trace_id;
  std::optional<Audit> audit;  ///< set: it belongs into the audit log
};

}  // namespace cartwise
