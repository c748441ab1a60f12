#include "http2/services.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <absl/strings/str_cat.h>
#include <openssl/err.h>
#include <boost/asio/connect.hpp>

#include "cartwise/obs/log.hpp"

namespace cartwise::gateway {
namespace {

using boost::system::error_code;
using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{2'000};
constexpr std::chrono::seconds kPatience{5};
constexpr unsigned char kProtocols[] = "\x02h2";

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<SSL_CTX, FreeContext>;

/// Null when the files make no client.
ContextPtr ClientContext(const rpc::TlsFiles& files) {
  ERR_clear_error();
  ContextPtr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_alpn_protos(context.get(), kProtocols, sizeof kProtocols - 1);
  const bool good =
      SSL_CTX_load_verify_locations(context.get(), files.ca.c_str(), nullptr) == 1 &&
      SSL_CTX_use_certificate_chain_file(context.get(), files.cert.c_str()) == 1 &&
      SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) == 1;
  ERR_clear_error();
  return good ? std::move(context) : nullptr;
}

http2::Limits LimitsOfServices() {
  http2::Limits limits;
  limits.handshake_time = kPatience;
  return limits;
}

}  // namespace

grpc::Status Unreachable() {
  return {grpc::StatusCode::UNAVAILABLE, "the service cannot be reached"};
}

Services::Services(boost::asio::io_context& io, const ServiceTargets& targets)
    : io_(io), targets_(targets), limits_(LimitsOfServices()) {
  Add(links_, targets.by_area);
  Add(stream_links_, targets.streams_by_area);
}

void Services::Add(Links& links, const std::map<std::string, std::string>& targets) {
  for (const auto& [area, target] : targets) {
    Link& link = links.try_emplace(area, io_).first->second;
    const size_t colon = target.rfind(':');
    link.area = area;
    link.host = target.substr(0, colon);
    if (link.host.starts_with('[')) link.host = link.host.substr(1, link.host.size() - 2);
    link.port = colon == std::string::npos ? "" : target.substr(colon + 1);
    link.turn = random_();
  }
}

Services::Link* Services::Find(const std::string& area, Calls calls) {
  if (calls == Calls::kStreaming) {
    const auto found = stream_links_.find(area);
    if (found != stream_links_.end()) return &found->second;
  }
  const auto found = links_.find(area);
  return found == links_.end() ? nullptr : &found->second;
}

void Services::Reach(const std::string& area, Calls calls, OnReached reached) {
  Link* const found = closed_ ? nullptr : Find(area, calls);
  if (found == nullptr) return reached(nullptr);
  Link& link = *found;
  if (link.ready) return reached(link.connection.get());
  if (!link.trying && http2::Session::Clock::now() < link.retry_at) return reached(nullptr);
  link.waiting.push_back(std::move(reached));
  if (!link.trying) Try(link);
}

void Services::Try(Link& link) {
  link.trying = true;
  link.patience.expires_after(kPatience);
  link.patience.async_wait([&link](error_code fault) {
    if (fault) return;
    link.resolver.cancel();
    error_code ignored;
    link.socket.close(ignored);
  });
  link.resolver.async_resolve(link.host, link.port, [this, &link](error_code fault, auto results) {
    if (closed_) return;
    if (fault || results.empty()) return Failed(link, fault.message());
    // A look-up cannot be cut short, and the patience with it is not renewed.
    if (http2::Session::Clock::now() >= link.patience.expiry()) return Failed(link, "slow look-up");
    link.endpoints.clear();
    for (const auto& result : results) link.endpoints.push_back(result.endpoint());
    const size_t first = link.turn++ % link.endpoints.size();
    std::rotate(link.endpoints.begin(), link.endpoints.begin() + static_cast<ptrdiff_t>(first),
                link.endpoints.end());
    Connect(link);
  });
}

void Services::Connect(Link& link) {
  boost::asio::async_connect(link.socket, link.endpoints,
                             [this, &link](error_code fault, const Tcp::endpoint&) {
                               link.patience.cancel();
                               if (closed_) return;
                               if (fault) return Failed(link, fault.message());
                               Shake(link);
                             });
}

void Services::Shake(Link& link) {
  Tcp::socket tcp = std::exchange(link.socket, Tcp::socket(io_));
  ContextPtr context;
  if (!targets_.tls.ca.empty()) {
    context = ClientContext(targets_.tls);
    if (!context) return Failed(link, "our own certificate cannot be read");
  }
  http2::Socket socket =
      context ? http2::Socket(std::move(tcp), context.get(), absl::StrCat(link.area, "-svc"))
              : http2::Socket(std::move(tcp));
  // Which of several this is about is known by the pointer once it is made.
  const auto self = std::make_shared<ServiceConnection*>(nullptr);
  auto connection = std::make_shared<ServiceConnection>(
      std::move(socket), limits_, [this, &link] { Opened(link); },
      [this, &link, self] {
        if (link.connection.get() != *self) return;
        const bool of_use = link.connection->of_use();
        const bool was_ready = std::exchange(link.ready, false);
        link.connection.reset();
        if (of_use) link.pause = {};
        // To shake hands is not enough, or every call would make a connection.
        if (!of_use && !closed_) Failed(link, was_ready ? "it leaves at once" : "no handshake");
      },
      [this, self] {
        std::erase_if(connections_, [&](const auto& other) { return other.get() == *self; });
      });
  *self = connection.get();
  link.connection = connection;
  connections_.insert(connection);
  connection->Begin();
}

void Services::Opened(Link& link) {
  link.ready = true;
  link.trying = false;
  Tell(link, link.connection.get());
}

void Services::Failed(Link& link, const std::string& why) {
  link.patience.cancel();
  link.trying = false;
  link.pause =
      std::clamp<http2::Session::Clock::duration>(link.pause * 8 / 5, kFirstPause, kLongestPause);
  // Between half and all of it, so that many gateways do not come at once.
  std::uniform_real_distribution<double> share(0.5, 1.0);
  link.retry_at =
      http2::Session::Clock::now() +
      std::chrono::duration_cast<http2::Session::Clock::duration>(link.pause * share(random_));
  obs::Warning("a service cannot be reached", {{"area", link.area}, {"why", why}});
  Tell(link, nullptr);
}

void Services::Tell(Link& link, ServiceConnection* connection) {
  for (const OnReached& reached : std::exchange(link.waiting, {})) reached(connection);
}

void Services::Sweep(http2::Session::Clock::time_point now) {
  const auto all = connections_;
  for (const auto& connection : all) connection->Sweep(now);
}

void Services::Close() {
  closed_ = true;
  for (Links* const links : {&links_, &stream_links_}) {
    for (auto& [area, link] : *links) {
      link.resolver.cancel();
      link.patience.cancel();
      error_code ignored;
      link.socket.close(ignored);
      Tell(link, nullptr);
    }
  }
  const auto all = connections_;
  for (const auto& connection : all) connection->Close("draining");
}

}  // namespace cartwise::gateway
