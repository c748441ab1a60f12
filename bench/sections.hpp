#pragma once

#include <vector>

#include "figure.hpp"
#include "harness/fleet.hpp"

namespace cartwise::bench {

/// How much to measure: a smoke run proves that the bench works.
struct Effort {
  double seconds = 5;
  int rounds = 12;  ///< of what is compared by turns
  int unlocks = 300;
  int agents = 1000;
};

/// Each measures one thing against its floor, in this run on this machine.
std::vector<Figure> AssignReturn(fleet::Fleet& fleet, const Effort& effort);
std::vector<Figure> RestList(fleet::Fleet& fleet, const Effort& effort);
std::vector<Figure> Unlocks(fleet::Fleet& fleet, const Effort& effort);
std::vector<Figure> Returns(fleet::Fleet& fleet, const Effort& effort);
std::vector<Figure> Telemetry(fleet::Fleet& fleet, const Effort& effort);
std::vector<Figure> IdleMemory(fleet::Fleet& fleet, const Effort& effort);
std::vector<Figure> TokenCheck(fleet::Fleet& fleet, const Effort& effort);
std::vector<Figure> NoisyChain(fleet::Fleet& fleet, const Effort& effort);
std::vector<Figure> SlowClients(fleet::Fleet& fleet, const Effort& effort);
std::vector<Figure> AgentMemory(fleet::Fleet& fleet, const Effort& effort);

}  // namespace cartwise::bench
