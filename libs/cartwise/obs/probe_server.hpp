#pragma once

#include <functional>
#include <memory>
#include <string>

#include <absl/status/statusor.h>

#include "cartwise/obs/metrics.hpp"

namespace cartwise::obs {

/// Serves /metrics, /healthz (the process lives) and /readyz (200 when `ready`
/// answers OK, else 503 with the reason) on its own port, from one thread. `ready`
/// runs on another, one at a time, and may take long: after 2 s the answer is 503.
class ProbeServer {
 public:
  using Ready = std::function<absl::Status()>;

  /// `listen` is host:port; port 0 picks a free one. Not encrypted: counts and states only.
  static absl::StatusOr<std::unique_ptr<ProbeServer>> Start(const std::string& listen,
                                                            const Metrics& metrics, Ready ready);
  ~ProbeServer();

  /// Not ready from now on: the process is about to end.
  void Drain();
  int port() const;

 private:
  struct State;
  explicit ProbeServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cartwise::obs
