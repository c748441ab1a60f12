#include "http2/grpc_server.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/http2/acceptor.hpp"
#include "cartwise/http2/connections.hpp"
#include "cartwise/obs/log.hpp"
#include "http2/client_connection.hpp"
#include "http2/event_loop.hpp"

namespace cartwise::gateway {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// Time to send the last words after a drain ran out of patience.
constexpr absl::Duration kLastWords = absl::Seconds(2);

/// An event loop and the clients' connections that live on it.
struct Loop : EventLoop {
  Loop(GrpcGate& gate, const ServiceTargets& targets, const http2::Limits& limits,
       http2::OpenCount& count)
      : EventLoop(targets), host{outbound, gate, limits}, connections(count) {}

  CallHost host;
  http2::Connections connections;
};

}  // namespace

struct GrpcServer::State {
  State(const http2::Limits& l, GrpcGate& gate, ServiceTargets s, Tls* t)
      : limits(l),
        targets(std::move(s)),
        tls(t),
        loops{Loop(gate, targets, limits, count), Loop(gate, targets, limits, count)} {}

  void Accept();
  void Begin(Loop& loop, tcp::socket socket);
  void Each(void (*action)(Loop&));

  const http2::Limits limits;
  const ServiceTargets targets;
  Tls* const tls;
  http2::OpenCount count;
  std::array<Loop, 2> loops;
  http2::Acceptor acceptor{loops[0].io};
  asio::cancellation_signal stop_watching;
  size_t turn = 0;  ///< whose the next connection is
  int port = 0;
};

void GrpcServer::State::Accept() {
  const auto next = [this]() -> asio::io_context& {
    turn = (turn + 1) % loops.size();
    return loops[turn].io;
  };
  acceptor.Accept(next, [this](tcp::socket socket) {
    Loop& loop = loops[turn];
    asio::post(loop.io, [this, &loop, socket = std::move(socket)]() mutable {
      Begin(loop, std::move(socket));
    });
  });
}

void GrpcServer::State::Begin(Loop& loop, tcp::socket socket) {
  const size_t most = std::max<size_t>(1, static_cast<size_t>(limits.connections) / loops.size());
  if (loop.connections.draining()) return;
  if (loop.connections.size() >= most && !loop.connections.MakeRoom()) return;
  http2::Socket wire = tls == nullptr
                           ? http2::Socket(std::move(socket))
                           : http2::Socket(std::move(socket), tls->context()->native_handle());
  loop.connections.Begin(std::make_shared<ClientConnection>(
      std::move(wire), loop.host, [&loop](http2::ServerConnection& ended, std::string_view why) {
        obs::Debug("gRPC connection ended", {{"why", why}});
        loop.connections.Remove(ended);
      }));
}

void GrpcServer::State::Each(void (*action)(Loop&)) {
  for (Loop& loop : loops) {
    asio::post(loop.io, [&loop, action] { action(loop); });
  }
}

GrpcServer::GrpcServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const std::string& listen,
                                                              const http2::Limits& limits,
                                                              GrpcGate& gate,
                                                              const ServiceTargets& services,
                                                              Tls* tls) {
  auto state = std::make_unique<State>(limits, gate, services, tls);
  CW_ASSIGN_OR_RETURN(state->port, state->acceptor.Listen(listen));
  state->Accept();
  if (tls != nullptr) {
    asio::co_spawn(state->loops[0].io, tls->Watch(),
                   asio::bind_cancellation_slot(state->stop_watching.slot(), asio::detached));
  }
  for (Loop& loop : state->loops) {
    loop.Run(http2::SweepEvery(limits),
             [&loop](http2::Session::Clock::time_point now) { loop.connections.Sweep(now); });
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
    state->acceptor.Close();
    state->stop_watching.emit(asio::cancellation_type::terminal);
  });
  state_->Each([](Loop& loop) {
    loop.host.draining = true;
    loop.connections.Drain();
  });
  if (!state_->count.WaitUntilNone(grace)) {
    state_->Each([](Loop& loop) { loop.connections.Close("draining"); });
    state_->count.WaitUntilNone(kLastWords);
  }
  for (Loop& loop : state_->loops) loop.LeaveServices();
}

}  // namespace cartwise::gateway
