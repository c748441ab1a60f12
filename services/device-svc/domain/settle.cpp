#include "domain/settle.hpp"

namespace cartwise::device {

std::optional<Outcome> SettleAtCaughtUp(const Command& command, const CaughtUpStream& now) {
  if (!IsOpen(command.state) || command.reported || command.stream == now.stream) return {};
  if (command.agent_epoch != now.agent_epoch) {
    return Outcome{CommandState::kDropped, "WRONG_EPOCH"};
  }
  if (!command.seq || *command.seq > now.last_seq) {
    return Outcome{CommandState::kDropped, "NEVER_RECEIVED"};
  }
  return {};
}

}  // namespace cartwise::device
