#pragma once

#include <functional>
#include <string_view>

#include "cartwise/http2/session.hpp"

namespace cartwise::gateway {

/// A connection to a service, shared by the calls of one event loop.
class ServiceConnection final : public http2::Session {
 public:
  using http2::Session::Request;

  /// `opened` is heard once it takes calls; `left` once it takes no more, which
  /// may be before.
  ServiceConnection(http2::Socket socket, const http2::Limits& limits, std::function<void()> opened,
                    std::function<void()> left, std::function<void()> gone)
      : http2::Session(std::move(socket), limits),
        opened_(std::move(opened)),
        left_(std::move(left)),
        gone_(std::move(gone)) {}

  /// Whether a call has ended on it while it lived.
  bool of_use() const { return of_use_; }

 private:
  void OnOpen() override;
  void OnGoaway() override { left_(); }
  void OnStreamClosed() override { of_use_ = true; }
  void OnClosed(std::string_view why) override;

  const std::function<void()> opened_, left_, gone_;
  bool of_use_ = false;
};

}  // namespace cartwise::gateway
