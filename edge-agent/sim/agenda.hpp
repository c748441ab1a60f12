#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

namespace cartwise::sim {

/// A moment or a span of CLOCK_MONOTONIC, in microseconds.
using Micros = int64_t;

/// What is still to happen, and when. Reads no clock. Not thread-safe.
class Agenda {
 public:
  /// Runs with the moment it was due, so that a late wake-up shifts nothing.
  using Action = std::function<void(Micros now)>;

  void At(Micros when, Action action) { actions_.emplace(when, std::move(action)); }

  /// When RunDue() has something to do next.
  std::optional<Micros> Next() const {
    if (actions_.empty()) return std::nullopt;
    return actions_.begin()->first;
  }

  /// Runs all that is due at `now`, also what is added meanwhile, by time and
  /// then in the order it was added.
  void RunDue(Micros now) {
    while (!actions_.empty() && actions_.begin()->first <= now) {
      auto due = actions_.extract(actions_.begin());
      due.mapped()(due.key());
    }
  }

 private:
  std::multimap<Micros, Action> actions_;
};

}  // namespace cartwise::sim
