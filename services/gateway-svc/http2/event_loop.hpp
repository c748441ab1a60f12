#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http2/unary_call.hpp"

namespace cartwise::gateway {

/// An event loop, its thread and its own connections to the services. `outbound` is of that
/// thread; the rest is for who made it.
class EventLoop {
 public:
  explicit EventLoop(const ServiceTargets& targets);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// `sweep` is heard that often, after the services were swept.
  void Run(std::chrono::milliseconds sweep_every,
           std::function<void(http2::Session::Clock::time_point)> sweep);
  /// Ends the connections to the services, soon; no call is made any more.
  void LeaveServices();
  /// Waits until nothing is under way: whoever still owes this loop an answer posts to it.
  void Finish();
  /// Gives up whatever is still going on, and waits for the thread.
  void Stop();

  boost::asio::io_context io{1};
  Services services;
  Outbound outbound{io, std::make_shared<http2::Inbox>(io), services};

 private:
  void SweepLater();

  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io.get_executor()};
  boost::asio::steady_timer timer_{io};
  std::chrono::milliseconds sweep_every_{};
  std::function<void(http2::Session::Clock::time_point)> sweep_;
  bool finishing_ = false;
  std::thread thread_;
};

}  // namespace cartwise::gateway
