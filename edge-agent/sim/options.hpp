#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "sim/agenda.hpp"

namespace cartwise::sim {

inline constexpr char kUsage[] =
    "usage: emulated-board --tty PATH --boards 0,1 --log FILE --control SOCKET\n"
    "         [--shoppers SECONDS] [--think-ms N] [--open-ms N] [--pace on|off]\n";

struct Options {
  std::string tty;
  std::vector<int> boards;
  std::string log;
  std::string control;
  std::optional<double> shoppers;  ///< mean seconds a cart is out
  Micros think = 0;
  Micros open_delay = 0;
  bool pace = true;
};

/// INVALID_ARGUMENT with a sentence for a person.
absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments);

}  // namespace cartwise::sim
