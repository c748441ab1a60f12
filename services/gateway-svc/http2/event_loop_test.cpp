#include "http2/event_loop.hpp"

#include <atomic>
#include <optional>

#include <absl/synchronization/notification.h>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <catch2/catch.hpp>

namespace cartwise::gateway {

TEST_CASE("an event loop finishes when the last answer that is owed to it has come") {
  namespace asio = boost::asio;
  const ServiceTargets targets;
  EventLoop loop(targets);
  loop.Run(std::chrono::milliseconds(1), [](http2::Session::Clock::time_point) {});
  auto owed = std::optional(
      asio::prefer(loop.io.get_executor(), asio::execution::outstanding_work.tracked));
  std::atomic<bool> answered = false;
  absl::Notification finishing;
  std::thread other([&] {
    finishing.WaitForNotification();
    asio::post(*owed, [&] { answered = true; });
    owed.reset();
  });

  finishing.Notify();
  loop.Finish();

  CHECK(answered);
  other.join();
}

}  // namespace cartwise::gateway
