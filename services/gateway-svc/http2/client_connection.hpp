#pragma once

#include <memory>
#include <string>

#include "cartwise/http2/server_connection.hpp"
#include "http2/call.hpp"

namespace cartwise::gateway {

/// Counts frames that ask for work and carry nothing.
class FrameBudget {
 public:
  using TimePoint = http2::Session::Clock::time_point;
  FrameBudget(const http2::Limits& limits, TimePoint now)
      : limits_(limits), left_(limits.frames_burst), at_(now) {}
  /// False when there were too many.
  bool Spend(TimePoint now);

 private:
  const http2::Limits& limits_;
  double left_;
  TimePoint at_;
};

/// A gRPC client's connection, and what it may take of us.
class ClientConnection final : public http2::ServerConnection {
 public:
  ClientConnection(http2::Socket socket, CallHost& host, OnEnd ended);

 private:
  bool OnFrameBegins(const nghttp2_frame_hd& frame) override;
  bool OnInvalidFrame() override { return budget_.Spend(heard_at()); }
  std::shared_ptr<http2::CallStream> NewStream() override;

  CallHost& host_;
  const std::string peer_;
  FrameBudget budget_;
};

}  // namespace cartwise::gateway
