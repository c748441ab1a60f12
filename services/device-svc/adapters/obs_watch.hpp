#pragma once

#include "cartwise/obs/metrics.hpp"
#include "domain/watch.hpp"

namespace cartwise::device {

/// The operator's logs and metrics.
class ObsWatch final : public Watch {
 public:
  explicit ObsWatch(obs::Metrics& metrics);
  void Note(std::string_view what, const DeviceId& device, std::string_view detail) override;
  void Worry(std::string_view what, const DeviceId& device, std::string_view detail) override;
  void Connected(int agents) override;
  void Ended(CommandState state) override;

 private:
  obs::Metrics& metrics_;
};

}  // namespace cartwise::device
