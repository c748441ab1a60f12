#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <absl/synchronization/notification.h>
#include <grpcpp/grpcpp.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "cartwise/auth/tokens.hpp"
#include "cartwise/device/v1/agent.grpc.pb.h"
#include "cartwise/rental/v1/carts.grpc.pb.h"
#include "cartwise/tenant/v1/api_keys.grpc.pb.h"
#include "cartwise/tenant/v1/audit.grpc.pb.h"
#include "http/server.hpp"
#include "http2/grpc_server.hpp"
#include "proxy/grpc_gate.hpp"

namespace cartwise::gateway {

/// Carts as the test wants them.
class FakeCarts final : public rental::v1::CartService::WithCallbackMethod_ListCarts<
                            rental::v1::CartService::Service> {
 public:
  grpc::ServerUnaryReactor* ListCarts(grpc::CallbackServerContext* context,
                                      const rental::v1::ListCartsRequest* request,
                                      rental::v1::ListCartsResponse* out) override;
  grpc::Status CreateCarts(grpc::ServerContext* context,
                           const rental::v1::CreateCartsRequest* request,
                           rental::v1::CreateCartsResponse* out) override;
  grpc::Status DeleteCart(grpc::ServerContext*, const rental::v1::DeleteCartRequest*,
                          google::protobuf::Empty*) override {
    return grpc::Status::OK;
  }

  absl::Status answer;           ///< what every call ends with
  bool until_cancelled = false;  ///< ListCarts answers only when it is cancelled
  absl::Notification entered;
  absl::Notification cancelled;
  rental::v1::CreateCartsRequest created;
  std::multimap<std::string, std::string> metadata;  ///< of the last call
};

/// Agents' control streams: Welcome for a Hello, the clock for a Heartbeat,
/// ABORTED (REPLACED) for a result, the count of messages in trailing metadata
/// at a half close.
class FakeAgents final : public device::v1::AgentService::Service {
 public:
  grpc::Status Control(grpc::ServerContext* context,
                       grpc::ServerReaderWriter<device::v1::ControlResponse,
                                                device::v1::ControlRequest>* stream) override;
  absl::Notification cancelled;  ///< the first that was

 private:
  std::atomic<bool> told_ = false;
};

/// Keys as the test wants them.
class FakeApiKeys final : public tenant::v1::ApiKeyExchangeService::Service {
 public:
  FakeApiKeys(const auth::SigningKey& signing_key, const Clock& clock)
      : signing_key_(signing_key), clock_(clock) {}

  /// The key now stands for the caller; for nobody without one.
  void Set(const std::string& key, std::optional<Caller> caller);
  /// Answers wait until it is notified.
  void Hold(absl::Notification* until);
  int exchanges() const { return exchanges_; }

  grpc::Status ExchangeApiKey(grpc::ServerContext* context,
                              const tenant::v1::ExchangeApiKeyRequest* request,
                              tenant::v1::ExchangeApiKeyResponse* out) override;

 private:
  const auth::SigningKey& signing_key_;
  const Clock& clock_;
  std::atomic<int> exchanges_ = 0;
  std::mutex mutex_;
  std::map<std::string, Caller> callers_;
  absl::Notification* held_ = nullptr;
};

/// A file as the test wants it.
class FakeAudit final : public tenant::v1::AuditService::Service {
 public:
  grpc::Status ExportAudit(grpc::ServerContext*, const tenant::v1::ExportAuditRequest*,
                           options::v1::File* out) override {
    *out = file;
    return grpc::Status::OK;
  }
  options::v1::File file;
};

/// A gateway on free ports, in front of services in this process.
class TestGateway {
 public:
  struct Options {
    HttpLimits limits;
    RateFigures rates;
    int trusted_proxies = 0;
    Tls* tls = nullptr;  ///< plain HTTP without
    http2::Limits http2;
    Tls* grpc_tls = nullptr;       ///< gRPC without TLS without
    int grpc_services = 0;         ///< port that gRPC calls are passed on to; 0 is the fakes'
    const Clock* clock = nullptr;  ///< refills the rates' buckets; null is the system's
  };

  TestGateway();
  explicit TestGateway(const Options& options);
  ~TestGateway();

  std::string StaffToken(Role role = Role::kOwner) const;
  std::string DeviceToken() const;
  std::string TokenOf(const Caller& caller) const;
  /// What an API key of the branch stands for.
  Caller KeyCaller(std::vector<std::string> scopes) const;
  std::shared_ptr<grpc::Channel> GrpcChannel() const;
  int http_port() const { return http_->port(); }
  int grpc_port() const { return grpc_->port(); }
  GrpcServer& grpc() { return *grpc_; }
  void StopServices() { services_->Shutdown(); }
  HttpServer& http() { return *http_; }

  const BranchId branch = BranchId::New();
  const ChainId chain = ChainId::New();
  FakeCarts carts;
  FakeAgents agents;
  FakeAudit audit;
  obs::Metrics metrics;

 private:
  int services_port_ = 0;
  auth::SigningKey staff_key_;
  auth::SigningKey device_key_;
  SystemClock clock_;

 public:
  FakeApiKeys api_keys{staff_key_, clock_};

 private:
  auth::TokenVerifier tokens_;
  std::unique_ptr<grpc::Server> services_;
  Upstreams upstreams_;
  HealthWatch health_;
  Cors cors_;
  DocsSite docs_;
  RateLimiter rates_;
  ApiKeys keys_;

 public:
  Revocations revocations{clock_, absl::Milliseconds(100)};

 private:
  Api api_;
  GrpcGate gate_;
  std::unique_ptr<GrpcServer> grpc_;
  std::unique_ptr<HttpServer> http_;
};

/// A plain HTTP client on one connection.
class TestClient {
 public:
  using Response = boost::beast::http::response<boost::beast::http::string_body>;

  explicit TestClient(int port);
  /// Sends bytes as they are; false when the gateway no longer listens.
  bool Write(const std::string& bytes);
  /// The next answer; `head` for that of a HEAD request.
  Response Read(bool head = false);
  /// Whether this is answered with 200 before the connection ends.
  bool IsServed(const std::string& bytes);
  /// What comes before the gateway closes the connection.
  std::string ReadToEnd();
  void Close() { socket_.close(); }
  /// True when the gateway has closed the connection.
  bool AtEnd();
  Response Send(const std::string& bytes) {
    Write(bytes);
    return Read();
  }

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
  boost::beast::flat_buffer buffer_;
};

}  // namespace cartwise::gateway
