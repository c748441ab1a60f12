#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "agent.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/rpc/server.hpp"
#include "linux/atomic_file.hpp"
#include "linux/obs_diary.hpp"

namespace cartwise::edge {
namespace {

// Ends the process at one step, as a power cut would; for tests only.
class CrashAt final : public Failpoints {
 public:
  explicit CrashAt(std::string point) : point_(std::move(point)) {}
  void Hit(std::string_view point) override {
    if (point == point_) _exit(137);
  }

 private:
  const std::string point_;
};

absl::StatusOr<std::unique_ptr<Failpoints>> FailpointsFromEnv() {
  const char* const point = std::getenv("CARTWISE_AGENT_CRASH_AT");
  if (point == nullptr || *point == '\0') return std::make_unique<NoFailpoints>();
  if (std::find(std::begin(Failpoints::kAll), std::end(Failpoints::kAll), point) ==
      std::end(Failpoints::kAll)) {
    return absl::InvalidArgumentError(std::string("CARTWISE_AGENT_CRASH_AT: no such step: ") +
                                      point);
  }
  return std::make_unique<CrashAt>(point);
}

absl::Status Serve(const std::string& config_path, bool check_only) {
  CW_ASSIGN_OR_RETURN(const Config config, Config::Load(config_path));
  CW_ASSIGN_OR_RETURN(const auto failpoints, FailpointsFromEnv());
  const auto ca = ReadWholeFile(config.ca);
  if (!ca.ok()) return absl::InvalidArgumentError("ca: cannot read " + config.ca);
  if (check_only) {
    std::puts("OK");
    return absl::OkStatus();
  }
  ObsDiary diary;
  Agent agent(config, *ca, diary, *failpoints);
  std::thread signals([&] {
    rpc::WaitForSignal();
    agent.Stop();
  });
  diary.Info("starting", {{"config", config_path}, {"gateway", config.gateway}});
  agent.Run();
  signals.join();
  return absl::OkStatus();
}

}  // namespace
}  // namespace cartwise::edge

int main(int argc, char** argv) {
  using namespace cartwise;
  std::string config;
  bool check_only = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--config" && i + 1 < argc) {
      config = argv[++i];
    } else if (argument == "--check-config") {
      check_only = true;
    } else {
      std::fputs("usage: edge-agent --config FILE [--check-config]\n", stderr);
      return 78;
    }
  }
  rpc::BlockSignals();
  obs::InitLog("edge-agent", "info");
  const absl::Status served = edge::Serve(config, check_only);
  return served.ok() ? 0 : obs::Die(served);
}
