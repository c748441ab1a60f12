#include "http/test_gateway.hpp"

#include <csignal>

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>

#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/rpc/status.hpp"
#include "cartwise/rpc/values.hpp"
#include "openapi/document.hpp"
#include "routing/test_contracts.hpp"

namespace cartwise::gateway {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

std::multimap<std::string, std::string> MetadataOf(const grpc::ServerContextBase& context) {
  std::multimap<std::string, std::string> all;
  for (const auto& [key, value] : context.client_metadata()) {
    all.emplace(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
  }
  return all;
}

/// Answers only when it is cancelled, and says so.
class UntilCancelled final : public grpc::ServerUnaryReactor {
 public:
  explicit UntilCancelled(absl::Notification& said) : said_(said) {}
  void OnCancel() override {
    said_.Notify();
    Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  absl::Notification& said_;
};

auth::KeySet Keys(const auth::SigningKey& a, const auth::SigningKey& b) {
  return auth::KeySet::FromPem({{a.id(), a.PublicPem()}, {b.id(), b.PublicPem()}}).value();
}

std::unique_ptr<grpc::Server> Serve(const std::vector<grpc::Service*>& services,
                                    grpc::CallbackGenericService* generic, int* port) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), port);
  for (grpc::Service* service : services) builder.RegisterService(service);
  if (generic != nullptr) builder.RegisterCallbackGenericService(generic);
  return builder.BuildAndStart();
}

/// gRPC 1.51 aborts now and then when the last user of its callback queue goes
/// while a new one comes, as from one test to the next. So one stays.
void KeepCallbackQueue() {
  // As process::Begin does: OpenSSL writes to sockets that may be closed.
  std::signal(SIGPIPE, SIG_IGN);
  static auto* const generic = new grpc::CallbackGenericService;
  static int port = 0;
  // Volatile, since it is never read: else nothing would hold it for a search for leaks.
  static grpc::Server* volatile server = Serve({}, generic, &port).release();
  (void)server;
}

std::shared_ptr<grpc::Channel> ChannelTo(int port) {
  return grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
}

ServiceTargets TargetsAt(int port) {
  ServiceTargets targets;
  for (const std::string& area : FleetContracts().areas()) {
    targets.by_area[area] = absl::StrCat("127.0.0.1:", port);
  }
  return targets;
}

}  // namespace

grpc::ServerUnaryReactor* FakeCarts::ListCarts(grpc::CallbackServerContext* context,
                                               const rental::v1::ListCartsRequest* request,
                                               rental::v1::ListCartsResponse* out) {
  metadata = MetadataOf(*context);
  if (until_cancelled) {
    entered.Notify();
    return new UntilCancelled(cancelled);
  }
  for (int i = 0; i < request->page_size(); ++i) {
    auto* cart = out->add_carts();
    cart->set_branch_id(request->branch_id());
    cart->set_cart_number(i + 1);
    cart->set_status(rental::v1::Cart::AVAILABLE);
    cart->mutable_created_at()->set_seconds(1'780'000'000);
  }
  context->AddTrailingMetadata("x-probe", "seen");
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(rpc::ToGrpc(answer));
  return reactor;
}

grpc::Status FakeCarts::CreateCarts(grpc::ServerContext* context,
                                    const rental::v1::CreateCartsRequest* request,
                                    rental::v1::CreateCartsResponse* out) {
  metadata = MetadataOf(*context);
  created = *request;
  out->add_carts()->set_cart_number(request->cart_number());
  return rpc::ToGrpc(answer);
}

grpc::Status FakeAgents::Control(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<device::v1::ControlResponse, device::v1::ControlRequest>* stream) {
  device::v1::ControlRequest request;
  int count = 0;
  while (stream->Read(&request)) {
    ++count;
    device::v1::ControlResponse response;
    if (request.has_result()) {
      return rpc::ToGrpc(errors::Refuse(absl::StatusCode::kAborted, "REPLACED", "a newer stream"));
    }
    if (request.has_hello()) response.mutable_welcome()->set_device_id("d");
    if (request.has_heartbeat()) {
      response.set_events_committed(request.heartbeat().boot_clock_ms());
    }
    stream->Write(response);
  }
  if (context->IsCancelled() && !told_.exchange(true)) cancelled.Notify();
  context->AddTrailingMetadata("x-count", absl::StrCat(count));
  return grpc::Status::OK;
}

void FakeApiKeys::Set(const std::string& key, std::optional<Caller> caller) {
  std::lock_guard lock(mutex_);
  callers_.erase(key);
  if (caller) callers_.emplace(key, *std::move(caller));
}

void FakeApiKeys::Hold(absl::Notification* until) {
  std::lock_guard lock(mutex_);
  held_ = until;
}

grpc::Status FakeApiKeys::ExchangeApiKey(grpc::ServerContext*,
                                         const tenant::v1::ExchangeApiKeyRequest* request,
                                         tenant::v1::ExchangeApiKeyResponse* out) {
  absl::Notification* held = nullptr;
  std::optional<Caller> caller;
  {
    std::lock_guard lock(mutex_);
    held = held_;
    if (const auto found = callers_.find(request->key()); found != callers_.end()) {
      caller = found->second;
    }
  }
  ++exchanges_;
  if (held != nullptr) held->WaitForNotification();
  if (!caller) {
    return rpc::ToGrpc(errors::Refuse(absl::StatusCode::kUnauthenticated, "API_KEY_INVALID", "no"));
  }
  const absl::Time now = clock_.Now();
  out->set_access_token(auth::IssueToken(signing_key_, *caller, now, absl::Minutes(5)));
  *out->mutable_expires_at() = rpc::ToTimestamp(now + absl::Minutes(5));
  return grpc::Status::OK;
}

TestGateway::TestGateway() : TestGateway(Options()) {}

TestGateway::TestGateway(const Options& options)
    : staff_key_(auth::NewTestKey("tenant-test")),
      device_key_(auth::NewTestKey("device-test")),
      tokens_(Keys(staff_key_, device_key_), clock_),
      services_((KeepCallbackQueue(),
                 Serve({&carts, &agents, &api_keys, &audit}, nullptr, &services_port_))),
      upstreams_(FleetContracts().areas()),
      health_(upstreams_),
      cors_({"https://manage.example.com"}),
      docs_(""),
      rates_(options.rates, options.clock == nullptr ? clock_ : *options.clock,
             [](const std::string&) { return 10'000; }),
      keys_(ChannelTo(services_port_), upstreams_.Of("tenant"), tokens_, clock_),
      api_({FleetRouter(), tokens_, keys_, revocations, upstreams_, health_, rates_, metrics, cors_,
            docs_, std::make_shared<const std::string>(OpenApiDocument(FleetRouter())),
            [this] { return Keys(staff_key_, device_key_); }, options.trusted_proxies,
            "mailto:security@gateway.test"}),
      gate_(FleetContracts(), tokens_, keys_, revocations, upstreams_, rates_, metrics,
            options.trusted_proxies),
      grpc_(GrpcServer::Start(
                "127.0.0.1:0", options.http2, gate_,
                TargetsAt(options.grpc_services == 0 ? services_port_ : options.grpc_services),
                options.grpc_tls)
                .value()),
      http_(HttpServer::Start("127.0.0.1:0", options.limits, api_, health_,
                              TargetsAt(services_port_), options.tls)
                .value()) {}

TestGateway::~TestGateway() {
  grpc_.reset();
  services_->Shutdown(std::chrono::system_clock::now());
}

std::string TestGateway::StaffToken(Role role) const {
  Caller caller;
  caller.principal = Principal::kStaff;
  caller.subject = UserId::New().value();
  caller.chain = chain;
  caller.grants = {{role, {branch}}};
  return auth::IssueToken(staff_key_, caller, absl::Now(), absl::Minutes(5));
}

std::string TestGateway::DeviceToken() const {
  Caller caller;
  caller.principal = Principal::kDevice;
  caller.subject = DeviceId::New().value();
  caller.chain = chain;
  return auth::IssueToken(device_key_, caller, absl::Now(), absl::Minutes(5));
}

std::string TestGateway::TokenOf(const Caller& caller) const {
  return auth::IssueToken(staff_key_, caller, absl::Now(), absl::Minutes(5));
}

Caller TestGateway::KeyCaller(std::vector<std::string> scopes) const {
  Caller caller;
  caller.principal = Principal::kApiKey;
  caller.subject = NewUuid();
  caller.chain = chain;
  caller.grants = {{Role::kOperator, {branch}}};
  caller.scopes = std::move(scopes);
  return caller;
}

std::shared_ptr<grpc::Channel> TestGateway::GrpcChannel() const {
  return grpc::CreateChannel(absl::StrCat("127.0.0.1:", grpc_port()),
                             grpc::InsecureChannelCredentials());
}

TestClient::TestClient(int port) {
  socket_.connect({asio::ip::make_address("127.0.0.1"), static_cast<uint16_t>(port)});
}

bool TestClient::Write(const std::string& bytes) {
  boost::system::error_code fault;
  asio::write(socket_, asio::buffer(bytes), fault);
  return !fault;
}

TestClient::Response TestClient::Read(bool head) {
  http::response_parser<http::string_body> parser;
  parser.skip(head);
  http::read(socket_, buffer_, parser);
  return parser.release();
}

bool TestClient::IsServed(const std::string& bytes) {
  http::response<http::string_body> response;
  boost::system::error_code fault;
  if (Write(bytes)) http::read(socket_, buffer_, response, fault);
  return !fault && response.result_int() == 200;
}

std::string TestClient::ReadToEnd() {
  std::string all;
  boost::system::error_code fault;
  asio::read(socket_, asio::dynamic_buffer(all), fault);
  return all;
}

bool TestClient::AtEnd() {
  char byte;
  boost::system::error_code fault;
  socket_.read_some(asio::buffer(&byte, 1), fault);
  return fault == asio::error::eof;
}

}  // namespace cartwise::gateway
