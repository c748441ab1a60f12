#include "adapters/obs_watch.hpp"

#include "cartwise/obs/log.hpp"

namespace cartwise::device {

ObsWatch::ObsWatch(obs::Metrics& metrics) : metrics_(metrics) {
  metrics.Describe("cartwise_agents_connected", "Agents whose control stream this process holds.");
  metrics.Describe("cartwise_device_commands_total", "Results of commands, as agents told them.");
  metrics.Describe("cartwise_device_worries_total", "What somebody should look at; see the log.");
}

void ObsWatch::Note(std::string_view what, const DeviceId& device, std::string_view detail) {
  obs::Info(what, {{"device_id", device.value()}, {"detail", detail}});
}

void ObsWatch::Worry(std::string_view what, const DeviceId& device, std::string_view detail) {
  metrics_.Count("cartwise_device_worries_total", {{"what", what}});
  obs::Warning(what, {{"device_id", device.value()}, {"detail", detail}});
}

void ObsWatch::Connected(int agents) {
  metrics_.Gauge("cartwise_agents_connected", {}, agents);
}

void ObsWatch::Ended(CommandState state) {
  metrics_.Count("cartwise_device_commands_total", {{"result", NameOf(state)}});
}

}  // namespace cartwise::device
