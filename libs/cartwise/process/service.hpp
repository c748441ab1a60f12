#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/process/process.hpp"

namespace cartwise::process {

using Arguments = std::vector<std::string>;

/// A service as its main() sees it: without arguments it serves, `--check-config` ends once the
/// settings are read, and the first argument may name one of its commands.
template <typename Config>
struct Service {
  using Command = std::function<absl::Status(const Config&, const Arguments& rest)>;

  std::string name;
  std::function<absl::StatusOr<Config>()> settings;
  std::function<absl::Status(const Config&)> serve;
  std::map<std::string, Command> commands = {};

  /// Does what it is told. INVALID_ARGUMENT with the usage for what it does not know.
  absl::Status Run(const Arguments& arguments) const {
    const std::string word = arguments.empty() ? "" : arguments.front();
    const auto command = commands.find(word);
    const bool only_check = word == "--check-config" && arguments.size() == 1;
    if (!arguments.empty() && !only_check && command == commands.end()) {
      std::string usage = "usage: " + name + " [--check-config";
      for (const auto& [known, run] : commands) usage += " | " + known;
      return absl::InvalidArgumentError(usage + "]");
    }
    CW_ASSIGN_OR_RETURN(const Config config, settings());
    obs::InitLog(name, config.log_level);
    if (only_check) return absl::OkStatus();
    if (arguments.empty()) return serve(config);
    return command->second(config, {arguments.begin() + 1, arguments.end()});
  }
};

/// The main() of a service; what fails is logged, and its exit code is that of obs::Die.
template <typename Config>
int Main(const Service<Config>& service, int argc, char** argv) {
  Begin();
  obs::InitLog(service.name, "info");
  const absl::Status done = service.Run({argv + 1, argv + argc});
  return done.ok() ? 0 : obs::Die(done);
}

}  // namespace cartwise::process
