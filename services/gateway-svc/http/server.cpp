#include "http/server.hpp"

#include <array>
#include <condition_variable>
#include <mutex>
#include <set>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/http2/listen.hpp"
#include "cartwise/obs/log.hpp"
#include "http2/event_loop.hpp"

namespace cartwise::gateway {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Time to hear of cancelled calls after a drain ran out of patience.
constexpr absl::Duration kLastWords = absl::Seconds(2);
/// Out of file descriptors: nothing helps but waiting for some to close.
constexpr std::chrono::milliseconds kAcceptPause{50};

/// For connections to services, which owe signs of life within tens of seconds.
constexpr std::chrono::seconds kSweepEvery{1};

/// An event loop and the connections that live on it.
struct Loop : EventLoop {
  using EventLoop::EventLoop;

  std::set<Connection*> connections;  ///< of this thread alone

  /// Ends the connection that has waited longest for its client; false when
  /// every one is being answered.
  bool MakeRoom();
};

bool Loop::MakeRoom() {
  Connection* longest = nullptr;
  for (Connection* connection : connections) {
    const auto since = connection->waiting_since();
    if (since && (longest == nullptr || *since < *longest->waiting_since())) longest = connection;
  }
  if (longest == nullptr) return false;
  longest->GiveWay();
  return true;
}

}  // namespace

struct HttpServer::State {
  State(const HttpLimits& l, const Api& a, ServiceTargets s, Tls* t)
      : limits(l), api(a), targets(std::move(s)), tls(t), loops{Loop(targets), Loop(targets)} {}

  asio::awaitable<void> Accept();
  void Begin(Loop& loop, tcp::socket socket);
  void Exchange(Loop& home, tcp::socket socket);
  asio::awaitable<void> Serve(Loop& loop, tcp::socket socket);
  void EachConnection(void (Connection::*action)());
  bool WaitUntilEmpty(absl::Duration patience);

  const HttpLimits limits;
  const Api& api;
  const ServiceTargets targets;
  Tls* const tls;
  asio::cancellation_signal stop_accepting;
  asio::cancellation_signal stop_watching;
  asio::cancellation_signal stop_watching_files;
  std::array<Loop, 2> loops;
  tcp::acceptor acceptor{loops[0].io};
  int port = 0;

  std::mutex mutex;
  std::condition_variable empty;
  int open = 0;
  bool draining = false;
};

asio::awaitable<void> HttpServer::State::Accept() {
  asio::steady_timer pause(loops[0].io);
  for (size_t next = 0;; next = (next + 1) % loops.size()) {
    Loop& loop = loops[next];
    auto [fault, socket] =
        co_await acceptor.async_accept(loop.io, asio::as_tuple(asio::use_awaitable));
    if (fault == asio::error::operation_aborted) co_return;
    if (fault) {
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(asio::use_awaitable);
      continue;
    }
    std::lock_guard lock(mutex);
    if (draining) continue;  // closes it
    if (open >= limits.connections) {
      Exchange(loop, std::move(socket));
    } else {
      ++open;
      Begin(loop, std::move(socket));
    }
  }
}

void HttpServer::State::Begin(Loop& loop, tcp::socket socket) {
  asio::post(loop.io, [this, &loop, socket = std::move(socket)]() mutable {
    asio::co_spawn(loop.io, Serve(loop, std::move(socket)), asio::detached);
  });
}

/// All places are taken: one that waits for its client gives way, so that who
/// only holds connections keeps nobody out. Where none waits, the new one is
/// closed.
void HttpServer::State::Exchange(Loop& home, tcp::socket socket) {
  asio::post(home.io, [this, &home, socket = std::move(socket)]() mutable {
    const bool room = home.MakeRoom();
    std::lock_guard lock(mutex);
    // A loop that may have ended is given nothing more.
    if (draining) return;
    if (room) {
      ++open;
      return Begin(home, std::move(socket));
    }
    Loop& other = &home == &loops[0] ? loops[1] : loops[0];
    asio::post(other.io, [this, &home, &other, socket = std::move(socket)]() mutable {
      const bool other_room = other.MakeRoom();
      std::lock_guard relock(mutex);
      if (draining || !other_room) return;
      ++open;
      Begin(home, std::move(socket));
    });
  });
}

asio::awaitable<void> HttpServer::State::Serve(Loop& loop, tcp::socket socket) {
  Connection connection(std::move(socket), tls ? tls->context() : nullptr, api, loop.outbound,
                        limits);
  loop.connections.insert(&connection);
  {
    std::lock_guard lock(mutex);
    if (draining) connection.Drain();
  }
  // A coroutine of its own, since only that one is to be cancelled.
  const auto [fault] = co_await asio::co_spawn(
      loop.io, connection.Run(),
      asio::bind_cancellation_slot(connection.abort_slot(), asio::as_tuple(asio::use_awaitable)));
  loop.connections.erase(&connection);
  if (fault) {
    try {
      std::rethrow_exception(fault);
    } catch (const std::exception& error) {
      // Asio reports a cancelled coroutine by throwing; nothing else of ours does.
      obs::Warning("connection given up", {{"why", error.what()}});
    }
  }
  std::lock_guard lock(mutex);
  if (--open == 0) empty.notify_all();
}

void HttpServer::State::EachConnection(void (Connection::*action)()) {
  for (Loop& loop : loops) {
    asio::post(loop.io, [&loop, action] {
      for (Connection* connection : loop.connections) (connection->*action)();
    });
  }
}

bool HttpServer::State::WaitUntilEmpty(absl::Duration patience) {
  std::unique_lock lock(mutex);
  return empty.wait_for(lock, absl::ToChronoNanoseconds(patience), [this] { return open == 0; });
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& listen,
                                                              const HttpLimits& limits,
                                                              const Api& api, HealthWatch& health,
                                                              const ServiceTargets& services,
                                                              Tls* tls) {
  CW_ASSIGN_OR_RETURN(const tcp::endpoint endpoint, http2::ParseListen(listen));
  auto state = std::make_unique<State>(limits, api, services, tls);
  CW_ASSIGN_OR_RETURN(state->port, http2::Listen(state->acceptor, endpoint));
  asio::co_spawn(state->loops[0].io, state->Accept(),
                 asio::bind_cancellation_slot(state->stop_accepting.slot(), asio::detached));
  asio::co_spawn(state->loops[0].io, health.Run(state->loops[0].outbound),
                 asio::bind_cancellation_slot(state->stop_watching.slot(), asio::detached));
  if (tls != nullptr) {
    asio::co_spawn(state->loops[0].io, tls->Watch(),
                   asio::bind_cancellation_slot(state->stop_watching_files.slot(), asio::detached));
  }
  for (Loop& loop : state->loops) loop.Run(kSweepEvery, [](http2::Session::Clock::time_point) {});
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::~HttpServer() {
  Drain(absl::ZeroDuration());
  for (Loop& loop : state_->loops) loop.Finish();
}

int HttpServer::port() const {
  return state_->port;
}

void HttpServer::Drain(absl::Duration grace) {
  {
    std::lock_guard lock(state_->mutex);
    state_->draining = true;
  }
  asio::post(state_->loops[0].io, [state = state_.get()] {
    error_code ignored;
    state->acceptor.close(ignored);
    state->stop_accepting.emit(asio::cancellation_type::terminal);
    state->stop_watching.emit(asio::cancellation_type::terminal);
    state->stop_watching_files.emit(asio::cancellation_type::terminal);
  });
  state_->EachConnection(&Connection::Drain);
  if (!state_->WaitUntilEmpty(grace)) {
    state_->EachConnection(&Connection::Abort);
    state_->WaitUntilEmpty(kLastWords);
  }
  for (Loop& loop : state_->loops) loop.LeaveServices();
}

}  // namespace cartwise::gateway
