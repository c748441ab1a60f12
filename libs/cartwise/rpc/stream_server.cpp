#include "cartwise/rpc/stream_server.hpp"

#include <limits>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/http2/acceptor.hpp"
#include "cartwise/http2/connections.hpp"
#include "cartwise/http2/tls.hpp"
#include "cartwise/obs/log.hpp"

namespace cartwise::rpc {
namespace {

namespace asio = boost::asio;

/// Time to send the last words after a drain ran out of patience.
constexpr absl::Duration kLastWords = absl::Seconds(2);

/// A service that calls us.
class StreamConnection final : public http2::ServerConnection {
 public:
  StreamConnection(http2::Socket socket, StreamHost& host, OnEnd ended)
      : http2::ServerConnection(std::move(socket), host.limits, std::move(ended)), host_(host) {}

 private:
  void OnOpen() override {
    peer_ = {socket().PeerName(), socket().PeerAddress()};
    http2::ServerConnection::OnOpen();
  }
  std::shared_ptr<http2::CallStream> NewStream() override {
    return std::make_shared<StreamCall>(host_, peer_);
  }

  StreamHost& host_;
  StreamPeer peer_;
};

}  // namespace

http2::Limits StreamLimits() {
  constexpr int kAny = std::numeric_limits<int>::max();
  http2::Limits limits;
  limits.streams = kAny;
  limits.frames_burst = limits.frames_per_second = kAny;
  return limits;
}

struct StreamServer::State {
  State(TlsFiles tls, StreamMethods m, const http2::Limits& l)
      : limits(l), methods(std::move(m)), files(std::move(tls)) {}

  absl::Status Start(const std::string& listen);
  void Begin(asio::ip::tcp::socket socket);
  void SweepLater();
  absl::Status Reload();

  const http2::Limits limits;
  const StreamMethods methods;
  PemFiles files;
  http2::TlsContext context;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  asio::steady_timer timer{io};
  StreamHost host{io, std::make_shared<http2::Inbox>(io), limits, methods};
  http2::OpenCount count;
  http2::Connections connections{count};
  http2::Acceptor acceptor{io};
  int port = 0;
  std::thread thread;
};

absl::Status StreamServer::State::Start(const std::string& listen) {
  CW_RETURN_IF_ERROR(Reload());
  CW_ASSIGN_OR_RETURN(port, acceptor.Listen(listen));
  acceptor.Accept([this]() -> asio::io_context& { return io; },
                  [this](asio::ip::tcp::socket socket) { Begin(std::move(socket)); });
  SweepLater();
  thread = std::thread([this] { io.run(); });
  return absl::OkStatus();
}

absl::Status StreamServer::State::Reload() {
  CW_ASSIGN_OR_RETURN(const auto news, files.News());
  if (!news) return absl::OkStatus();
  CW_ASSIGN_OR_RETURN(context, http2::MutualTls(news->ca, news->cert, news->key));
  obs::Info("TLS certificate read", {{"file", files.names().cert}});
  return absl::OkStatus();
}

void StreamServer::State::Begin(asio::ip::tcp::socket socket) {
  if (connections.draining()) return;
  const auto most = static_cast<size_t>(limits.connections);
  if (connections.size() >= most && !connections.MakeRoom()) return;
  if (const absl::Status reloaded = Reload(); !reloaded.ok()) {
    obs::Error("new TLS certificate refused, the old one stays",
               {{"file", files.names().cert}, {"why", std::string(reloaded.message())}});
  }
  connections.Begin(std::make_shared<StreamConnection>(
      http2::Socket(std::move(socket), context.get()), host,
      [this](http2::ServerConnection& ended, std::string_view why) {
        obs::Debug("connection of streams ended", {{"why", why}});
        connections.Remove(ended);
      }));
}

void StreamServer::State::SweepLater() {
  timer.expires_after(http2::SweepEvery(limits));
  timer.async_wait([this](boost::system::error_code fault) {
    if (fault) return;
    connections.Sweep(http2::Session::Clock::now());
    SweepLater();
  });
}

StreamServer::StreamServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<StreamServer>> StreamServer::Start(const std::string& listen,
                                                                  const TlsFiles& tls,
                                                                  StreamMethods methods,
                                                                  const http2::Limits& limits) {
  auto state = std::make_unique<State>(tls, std::move(methods), limits);
  CW_RETURN_IF_ERROR(state->Start(listen));
  return std::unique_ptr<StreamServer>(new StreamServer(std::move(state)));
}

StreamServer::~StreamServer() {
  Drain(absl::ZeroDuration());
  state_->host.inbox->Shut();
  state_->io.stop();
  state_->thread.join();
}

int StreamServer::port() const {
  return state_->port;
}

void StreamServer::Drain(absl::Duration grace) {
  asio::post(state_->io, [state = state_.get()] {
    state->acceptor.Close();
    state->connections.Drain();
  });
  if (state_->count.WaitUntilNone(grace)) return;
  asio::post(state_->io, [state = state_.get()] { state->connections.Close("draining"); });
  state_->count.WaitUntilNone(kLastWords);
}

}  // namespace cartwise::rpc
