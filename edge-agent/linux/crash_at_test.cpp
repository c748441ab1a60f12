#include "linux/crash_at.hpp"

#include <cstdlib>

#include <catch2/catch.hpp>

namespace cartwise::edge {
namespace {

struct Settings {
  Settings(const char* step, const char* development) {
    setenv("CARTWISE_AGENT_CRASH_AT", step, 1);
    setenv("CARTWISE_DEVELOPMENT", development, 1);
  }
  ~Settings() {
    unsetenv("CARTWISE_AGENT_CRASH_AT");
    unsetenv("CARTWISE_DEVELOPMENT");
  }
};

TEST_CASE("an agent with a crash point starts in development alone", "[crash-at]") {
  const Settings settings("after_pulse", GENERATE("", "0", "true"));
  const auto failpoints = FailpointsFromEnvironment();
  CHECK(absl::IsInvalidArgument(failpoints.status()));
  CHECK(std::string(failpoints.status().message()).find("CARTWISE_AGENT_CRASH_AT") == 0);
}

TEST_CASE("in development a crash point is one of those there are", "[crash-at]") {
  CHECK([] {
    const Settings settings("after_pulse", "1");
    return FailpointsFromEnvironment().ok();
  }());
  const Settings settings("after_lunch", "1");
  CHECK(absl::IsInvalidArgument(FailpointsFromEnvironment().status()));
}

}  // namespace
}  // namespace cartwise::edge
