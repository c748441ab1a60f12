#include "domain/devices.hpp"

#include <array>

namespace cartwise::rental {
namespace {

constexpr std::array<std::string_view, 6> kNames = {"SENT",    "SUCCEEDED", "FAILED",
                                                    "DROPPED", "REJECTED",  "UNKNOWN"};

}  // namespace

CommandState CommandStateFromName(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return CommandState(i);
  }
  return CommandState::kUnknown;
}

std::string Name(CommandState state) {
  return std::string(kNames[size_t(state)]);
}

UnlockOrder OrderFor(const Rental& rental, std::string requested_by, std::string trace_id) {
  return UnlockOrder{.command = rental.Command(),
                     .chain = rental.chain,
                     .device = rental.device,
                     .controller = rental.controller,
                     .lock = rental.locker_id,
                     .requested_by = std::move(requested_by),
                     .purpose = "rental",
                     .trace_id = std::move(trace_id)};
}

}  // namespace cartwise::rental
