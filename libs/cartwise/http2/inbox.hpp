#pragma once

#include <mutex>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace cartwise::http2 {

/// Where other threads leave work for an event loop, which may be gone by then:
/// the work is dropped in that case. Thread-safe.
class Inbox {
 public:
  explicit Inbox(boost::asio::io_context& io) : io_(&io) {}

  template <class Work>
  void Post(Work work) {
    const std::lock_guard lock(mutex_);
    if (io_ != nullptr) boost::asio::post(*io_, std::move(work));
  }
  /// Before the loop goes.
  void Shut() {
    const std::lock_guard lock(mutex_);
    io_ = nullptr;
  }

 private:
  std::mutex mutex_;
  boost::asio::io_context* io_;
};

}  // namespace cartwise::http2
