#pragma once

#include <optional>

#include "cartwise/events/v1/event.pb.h"
#include "domain/facts.hpp"

namespace cartwise::rental {

/// The fact in an event; nullopt for events that mean nothing here, and for ones
/// that can never be taken in: they must not hold up those behind them.
std::optional<Fact> FactIn(const events::v1::Event& event);

}  // namespace cartwise::rental
