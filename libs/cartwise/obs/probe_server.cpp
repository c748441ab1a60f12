#include "cartwise/obs/probe_server.hpp"

#include <pthread.h>

#include <atomic>
#include <thread>

#include <absl/strings/str_cat.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "cartwise/obs/log.hpp"

namespace cartwise::obs {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

// Failures as values: nothing here throws into the event loop.
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr auto kIdle = std::chrono::seconds(30);
constexpr int kMaxConnections = 64;
constexpr auto kPatience = std::chrono::seconds(2);

using Response = http::response<http::string_body>;

}  // namespace

struct ProbeServer::State {
  State(const Metrics& m, Ready r) : metrics(m), ready(std::move(r)) {}

  asio::awaitable<absl::Status> Readiness();
  asio::awaitable<Response> Answer(const http::request<http::empty_body>& request);
  asio::awaitable<void> Serve(tcp::socket socket);
  asio::awaitable<void> Accept();

  const Metrics& metrics;
  Ready ready;
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  asio::thread_pool checks{1};
  std::atomic<bool> draining = false;
  // Of the loop's thread alone.
  int connections = 0;
  bool checking = false;
  absl::Status readiness;
  asio::steady_timer checked{io};  // cancelled when the check is done
  std::thread thread;
};

// Whoever asks while a check runs waits for that one, no longer than who began it.
asio::awaitable<absl::Status> ProbeServer::State::Readiness() {
  if (draining) co_return absl::UnavailableError("draining");
  if (!ready) co_return absl::OkStatus();
  if (!checking) {
    checking = true;
    checked.expires_after(kPatience);
    asio::post(checks, [this] {
      asio::post(io, [this, status = ready()] {
        checking = false;
        readiness = status;
        checked.cancel();
      });
    });
  }
  const auto [cancelled] = co_await checked.async_wait(kAwait);
  co_return cancelled ? readiness : absl::DeadlineExceededError("not known in time");
}

asio::awaitable<Response> ProbeServer::State::Answer(
    const http::request<http::empty_body>& request) {
  Response answer{http::status::ok, request.version()};
  answer.keep_alive(request.keep_alive());
  answer.set(http::field::content_type, "text/plain; charset=utf-8");
  const auto target = request.target().substr(0, request.target().find('?'));
  if (request.method() != http::verb::get) {
    answer.result(http::status::method_not_allowed);
    answer.body() = "only GET\n";
  } else if (target == "/metrics") {
    answer.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
    answer.body() = metrics.Text();
  } else if (target == "/healthz") {
    answer.body() = "ok\n";
  } else if (target == "/readyz") {
    const absl::Status status = co_await Readiness();
    if (!status.ok()) answer.result(http::status::service_unavailable);
    answer.body() = status.ok() ? "ok\n" : std::string(status.message()) + "\n";
  } else {
    answer.result(http::status::not_found);
    answer.body() = "no such page: /metrics, /healthz, /readyz\n";
  }
  answer.prepare_payload();
  co_return answer;
}

asio::awaitable<void> ProbeServer::State::Serve(tcp::socket socket) {
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer(16 * 1024);
  while (true) {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(8 * 1024);
    parser.body_limit(0);
    stream.expires_after(kIdle);
    const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, kAwait);
    if (read_error) break;
    const Response answer = co_await Answer(parser.get());
    const auto [write_error, wrote] = co_await http::async_write(stream, answer, kAwait);
    if (write_error || !answer.keep_alive()) break;
  }
  --connections;
}

asio::awaitable<void> ProbeServer::State::Accept() {
  while (acceptor.is_open()) {
    auto [error, socket] = co_await acceptor.async_accept(kAwait);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      // Out of descriptors, most likely: try again, without spinning.
      asio::steady_timer pause(io, std::chrono::milliseconds(100));
      co_await pause.async_wait(kAwait);
      continue;
    }
    if (connections >= kMaxConnections) continue;
    ++connections;
    asio::co_spawn(io, Serve(std::move(socket)), asio::detached);
  }
}

ProbeServer::ProbeServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<ProbeServer>> ProbeServer::Start(const std::string& listen,
                                                                const Metrics& metrics,
                                                                Ready ready) {
  auto state = std::make_unique<State>(metrics, std::move(ready));
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat("not host:port: ", listen));
  }
  boost::system::error_code error;
  const auto found =
      tcp::resolver(state->io).resolve(listen.substr(0, colon), listen.substr(colon + 1), error);
  if (!error) {
    const tcp::endpoint endpoint = found.begin()->endpoint();
    state->acceptor.open(endpoint.protocol(), error);
    if (!error) state->acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) state->acceptor.bind(endpoint, error);
    if (!error) state->acceptor.listen(asio::socket_base::max_listen_connections, error);
  }
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", listen, ": ", error.message()));
  }
  State* const running = state.get();
  asio::co_spawn(running->io, running->Accept(), asio::detached);
  state->thread = std::thread([running] {
    pthread_setname_np(pthread_self(), "probes");
    running->io.run();
  });
  return std::unique_ptr<ProbeServer>(new ProbeServer(std::move(state)));
}

ProbeServer::~ProbeServer() {
  state_->io.stop();
  state_->thread.join();
}

void ProbeServer::Drain() {
  state_->draining = true;
}

int ProbeServer::port() const {
  return state_->acceptor.local_endpoint().port();
}

}  // namespace cartwise::obs
