#pragma once

#include <string>

namespace cartwise {

/// Whether what is said to `host` stays on this machine: a loopback address (in
/// brackets or not), `localhost`, or the path of a unix socket. Other names are
/// not looked up: what they mean is the network's word.
bool IsThisMachine(const std::string& host);

}  // namespace cartwise
