#pragma once

#include <absl/status/status.h>

#include "sim/boards.hpp"
#include "sim/line_faults.hpp"
#include "sim/words.hpp"

namespace cartwise::sim {

/// Obeys `NAME [VALUE...]`, what stands after "fault"; a failure names what is
/// allowed and changes nothing.
absl::Status SetFault(const Words& words, LineFaults& line, Boards& boards);

}  // namespace cartwise::sim
