#pragma once

#include <vector>

#include "cartwise/auth/tokens.hpp"
#include "cartwise/device/v1/agent.pb.h"
#include "domain/command.hpp"
#include "domain/controller.hpp"
#include "domain/links.hpp"

/// Messages of the control lane, to and from the domain's values.
namespace cartwise::device {

v1::ControlResponse WelcomeTo(const DeviceId& device, const std::vector<Controller>& controllers);
v1::ControlResponse Configured(const std::vector<Controller>& controllers);
v1::ControlResponse EventsCommitted(int64_t journal_seq);
v1::ControlResponse ResultCommitted(const CommandId& command);
/// The order, and the proof that the cloud made it.
v1::ControlResponse Signed(const Order& order, const auth::SigningKey& key);

/// What an agent reports; what cannot be stored of it is left out.
Outcome OutcomeOf(const v1::CommandResult& result);

}  // namespace cartwise::device
