#include "http2/event_loop.hpp"

#include <utility>

#include <boost/asio/post.hpp>

namespace cartwise::gateway {

EventLoop::EventLoop(const ServiceTargets& targets) : services(io, targets) {}

void EventLoop::Run(std::chrono::milliseconds sweep_every,
                    std::function<void(http2::Session::Clock::time_point)> sweep) {
  sweep_every_ = sweep_every;
  sweep_ = std::move(sweep);
  SweepLater();
  thread_ = std::thread([this] { io.run(); });
}

void EventLoop::SweepLater() {
  timer_.expires_after(sweep_every_);
  timer_.async_wait([this](boost::system::error_code fault) {
    if (fault || finishing_) return;
    const auto now = http2::Session::Clock::now();
    services.Sweep(now);
    sweep_(now);
    SweepLater();
  });
}

void EventLoop::LeaveServices() {
  boost::asio::post(io, [this] { services.Close(); });
}

void EventLoop::Finish() {
  boost::asio::post(io, [this] {
    finishing_ = true;  // a sweep that is due already would come again
    timer_.cancel();
    services.Close();
  });
  work_.reset();
  if (thread_.joinable()) thread_.join();
}

void EventLoop::Stop() {
  outbound.inbox->Shut();
  io.stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace cartwise::gateway
