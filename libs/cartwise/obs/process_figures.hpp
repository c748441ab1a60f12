#pragma once

#include <string>

namespace cartwise::obs {

/// The standard `process_*` metrics of this process, in Prometheus text.
std::string ProcessFigures();

}  // namespace cartwise::obs
