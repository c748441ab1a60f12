#include "http2/grpc_server.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <set>
#include <utility>

#include <absl/strings/str_cat.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "http/listen.hpp"
#include "http2/client_connection.hpp"
#include "http2/event_loop.hpp"

namespace cartwise::gateway {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

/// Time to send the last words after a drain ran out of patience.
constexpr absl::Duration kLastWords = absl::Seconds(2);
/// Out of file descriptors: nothing helps but waiting for some to close.
constexpr milliseconds kAcceptPause{50};

/// Often enough for the shortest of the times it is to keep.
milliseconds SweepEvery(const Http2Limits& limits) {
  const milliseconds shortest =
      std::min({limits.handshake_time, limits.idle_time, limits.stall_time, limits.answer_time,
                limits.ping_after, limits.silence});
  return std::clamp<milliseconds>(shortest / 4, milliseconds(10), milliseconds(1000));
}

/// An event loop and the clients' connections that live on it.
struct Loop : EventLoop {
  Loop(GrpcGate& gate, const ServiceTargets& targets, const Http2Limits& limits)
      : EventLoop(targets), host{outbound, gate, limits} {}

  void Sweep(Session::Clock::time_point now);
  bool MakeRoom();

  CallHost host;
  std::set<std::shared_ptr<ClientConnection>> connections;
};

void Loop::Sweep(Session::Clock::time_point now) {
  // A copy, since a connection that ends leaves the set.
  const auto all = connections;
  for (const auto& connection : all) connection->Sweep(now);
}

/// Ends the connection that has been idle longest; false when every one has a call.
bool Loop::MakeRoom() {
  const auto now = Session::Clock::now();
  const auto longest = std::min_element(
      connections.begin(), connections.end(),
      [&](const auto& a, const auto& b) { return a->IdleSince(now) < b->IdleSince(now); });
  if (longest == connections.end() || (*longest)->IdleSince(now) == now) return false;
  const auto connection = *longest;
  connection->Close("gives way");
  return true;
}

}  // namespace

struct GrpcServer::State {
  State(const Http2Limits& l, GrpcGate& gate, ServiceTargets s, Tls* t)
      : limits(l),
        targets(std::move(s)),
        tls(t),
        loops{Loop(gate, targets, limits), Loop(gate, targets, limits)} {}

  void Accept(size_t next);
  void Begin(Loop& loop, tcp::socket socket);
  void Each(void (*action)(Loop&));
  bool WaitUntilEmpty(absl::Duration patience);

  const Http2Limits limits;
  const ServiceTargets targets;
  Tls* const tls;
  std::array<Loop, 2> loops;
  tcp::acceptor acceptor{loops[0].io};
  asio::steady_timer pause{loops[0].io};
  asio::cancellation_signal stop_watching;
  int port = 0;

  std::mutex mutex;
  std::condition_variable empty;
  int open = 0;
};

void GrpcServer::State::Accept(size_t next) {
  Loop& loop = loops[next];
  acceptor.async_accept(loop.io, [this, next, &loop](error_code fault, tcp::socket socket) {
    if (fault == asio::error::operation_aborted || !acceptor.is_open()) return;
    if (fault) {
      pause.expires_after(kAcceptPause);
      pause.async_wait([this, next](error_code stopped) {
        if (!stopped) Accept(next);
      });
      return;
    }
    asio::post(loop.io, [this, &loop, socket = std::move(socket)]() mutable {
      Begin(loop, std::move(socket));
    });
    Accept((next + 1) % loops.size());
  });
}

void GrpcServer::State::Begin(Loop& loop, tcp::socket socket) {
  const size_t most = std::max<size_t>(1, static_cast<size_t>(limits.connections) / loops.size());
  if (loop.host.draining) return;
  if (loop.connections.size() >= most && !loop.MakeRoom()) return;
  Socket wire = tls == nullptr ? Socket(std::move(socket))
                               : Socket(std::move(socket), tls->context()->native_handle());
  auto connection = std::make_shared<ClientConnection>(
      std::move(wire), loop.host, [this, &loop](ClientConnection& ended, std::string_view why) {
        obs::Debug("gRPC connection ended", {{"why", why}});
        loop.connections.erase(
            std::static_pointer_cast<ClientConnection>(ended.shared_from_this()));
        const std::lock_guard lock(mutex);
        if (--open == 0) empty.notify_all();
      });
  loop.connections.insert(connection);
  {
    const std::lock_guard lock(mutex);
    ++open;
  }
  connection->Begin();
}

void GrpcServer::State::Each(void (*action)(Loop&)) {
  for (Loop& loop : loops) {
    asio::post(loop.io, [&loop, action] { action(loop); });
  }
}

bool GrpcServer::State::WaitUntilEmpty(absl::Duration patience) {
  std::unique_lock lock(mutex);
  return empty.wait_for(lock, absl::ToChronoNanoseconds(patience), [this] { return open == 0; });
}

GrpcServer::GrpcServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const std::string& listen,
                                                              const Http2Limits& limits,
                                                              GrpcGate& gate,
                                                              const ServiceTargets& services,
                                                              Tls* tls) {
  CW_ASSIGN_OR_RETURN(const tcp::endpoint endpoint, ParseListen(listen));
  auto state = std::make_unique<State>(limits, gate, services, tls);
  CW_ASSIGN_OR_RETURN(state->port, Listen(state->acceptor, endpoint));
  state->Accept(0);
  if (tls != nullptr) {
    asio::co_spawn(state->loops[0].io, tls->Watch(),
                   asio::bind_cancellation_slot(state->stop_watching.slot(), asio::detached));
  }
  for (Loop& loop : state->loops) {
    loop.Run(SweepEvery(limits), [&loop](Session::Clock::time_point now) { loop.Sweep(now); });
  }
  return std::unique_ptr<GrpcServer>(new GrpcServer(std::move(state)));
}

GrpcServer::~GrpcServer() {
  Drain(absl::ZeroDuration());
  for (Loop& loop : state_->loops) loop.Stop();
  // What was posted last is done here: the accept that was cut short holds a socket
  // of the other loop, which must not outlive that.
  for (Loop& loop : state_->loops) {
    loop.io.restart();
    loop.io.poll();
  }
}

int GrpcServer::port() const {
  return state_->port;
}

void GrpcServer::Drain(absl::Duration grace) {
  asio::post(state_->loops[0].io, [state = state_.get()] {
    error_code ignored;
    state->acceptor.close(ignored);
    state->pause.cancel();
    state->stop_watching.emit(asio::cancellation_type::terminal);
  });
  state_->Each([](Loop& loop) {
    loop.host.draining = true;
    const auto all = loop.connections;
    for (const auto& connection : all) connection->Drain();
  });
  if (!state_->WaitUntilEmpty(grace)) {
    state_->Each([](Loop& loop) {
      const auto all = loop.connections;
      for (const auto& connection : all) connection->Close("draining");
    });
    state_->WaitUntilEmpty(kLastWords);
  }
  for (Loop& loop : state_->loops) loop.LeaveServices();
}

}  // namespace cartwise::gateway
