#include <cstdio>
#include <string>

#include "sim/emulator.hpp"

using namespace cartwise::sim;

namespace {

int Die(const absl::Status& status) {
  std::fprintf(stderr, "emulated-board: %s\n%s", std::string(status.message()).c_str(),
               absl::IsInvalidArgument(status) ? kUsage : "");
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = ParseOptions({argv + 1, argv + argc});
  if (!options.ok()) return Die(options.status());
  const absl::Status played = Emulate(*options);
  return played.ok() ? 0 : Die(played);
}
