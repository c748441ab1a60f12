#include <cstdio>
#include <string>
#include <string_view>

#include "agent.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/process/process.hpp"
#include "linux/crash_at.hpp"
#include "linux/obs_diary.hpp"

namespace cartwise::edge {
namespace {

constexpr int kBadConfig = 78;

int CheckConfig(const std::string& path) {
  const auto config = Config::Load(path);
  std::puts(config.ok() ? "OK" : std::string(config.status().message()).c_str());
  return config.ok() ? 0 : kBadConfig;
}

absl::Status Serve(const std::string& config_path) {
  CW_ASSIGN_OR_RETURN(const Config config, Config::Load(config_path));
  CW_ASSIGN_OR_RETURN(const auto failpoints, FailpointsFromEnvironment());
  ObsDiary diary;
  diary.Info("starting", {{"config", config_path}, {"gateway", config.gateway}});
  Agent agent(config, diary, *failpoints);
  CW_RETURN_IF_ERROR(agent.Start());
  process::AwaitEndSignal();
  diary.Info("ending");
  agent.Stop();
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
    if (argument == "--config" && i + 1 < argc) config = argv[++i];
    if (argument == "--check-config") check_only = true;
  }
  if (config.empty()) {
    std::fputs("usage: edge-agent --config FILE [--check-config]\n", stderr);
    return edge::kBadConfig;
  }
  if (check_only) return edge::CheckConfig(config);
  process::Begin();
  obs::InitLog("edge-agent", "info");
  const absl::Status served = edge::Serve(config);
  return served.ok() ? 0 : obs::Die(served);
}
