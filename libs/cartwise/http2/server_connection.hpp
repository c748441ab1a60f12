#pragma once

#include <functional>
#include <string_view>

#include "cartwise/http2/session.hpp"

namespace cartwise::http2 {

/// A connection that somebody made to us, kept within the limits. It remembers no headers
/// between calls (RFC 7541), so that a quiet one keeps none.
class ServerConnection : public Session {
 public:
  using OnEnd = std::function<void(ServerConnection&, std::string_view why)>;

  /// `ended` is heard once.
  ServerConnection(Socket socket, const Limits& limits, OnEnd ended);

  void Sweep(Clock::time_point now) override;
  /// No more calls; ends with the last one.
  void Drain();
  /// Since when it has had no call that keeps it busy; now when it has one.
  Clock::time_point IdleSince(Clock::time_point now) const;

 protected:
  void OnOpen() override;
  void OnStreamClosed() override;

 private:
  void OnClosed(std::string_view why) override { ended_(*this, why); }

  const OnEnd ended_;
  Clock::time_point idle_since_;
  bool draining_ = false;
};

}  // namespace cartwise::http2
