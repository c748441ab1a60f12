#pragma once

#include <map>
#include <random>
#include <utility>

#include "sim/agenda.hpp"
#include "sim/boards.hpp"
#include "sim/event.hpp"

namespace cartwise::sim {

/// People who bring back what was taken, into the same lock, after a time
/// around the mean (exponential, the same in every run).
class Shoppers {
 public:
  Shoppers(Boards& boards, Agenda& agenda, double mean_seconds)
      : boards_(boards), agenda_(agenda), seconds_(1 / mean_seconds) {}

  /// Feed it every event of the boards.
  void Notice(const Event& event);

 private:
  Boards& boards_;
  Agenda& agenda_;
  std::exponential_distribution<double> seconds_;
  std::mt19937 random_{1};
  std::map<std::pair<int, int>, Micros> out_;  ///< when each cart out comes back
};

}  // namespace cartwise::sim
