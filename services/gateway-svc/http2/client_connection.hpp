#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http2/call.hpp"
#include "http2/session.hpp"

namespace cartwise::gateway {

/// Counts frames that ask for work and carry nothing.
class FrameBudget {
 public:
  using TimePoint = Session::Clock::time_point;
  FrameBudget(const Http2Limits& limits, TimePoint now)
      : limits_(limits), left_(limits.frames_burst), at_(now) {}
  /// False when there were too many.
  bool Spend(TimePoint now);

 private:
  const Http2Limits& limits_;
  double left_;
  TimePoint at_;
};

/// A gRPC client's connection, and what it may take of us.
class ClientConnection final : public Session {
 public:
  using OnEnd = std::function<void(ClientConnection&, std::string_view why)>;

  /// `ended` is heard once.
  ClientConnection(Socket socket, CallHost& host, OnEnd ended);

  void Sweep(Clock::time_point now) override;
  /// No more calls; ends with the last one.
  void Drain();
  /// Since when it has had no call but those about health; now when it has one.
  Clock::time_point IdleSince(Clock::time_point now);

 private:
  void OnOpen() override;
  void OnClosed(std::string_view why) override { ended_(*this, why); }
  bool OnFrameBegins(const nghttp2_frame_hd& frame) override;
  bool OnInvalidFrame() override { return budget_.Spend(heard_at()); }
  std::shared_ptr<CallStream> NewStream() override;
  void OnStreamClosed() override;

  CallHost& host_;
  const OnEnd ended_;
  const std::string peer_;
  FrameBudget budget_;
  Clock::time_point idle_since_;
};

}  // namespace cartwise::gateway
