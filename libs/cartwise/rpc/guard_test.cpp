#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/auth/tokens.hpp"
#include "cartwise/events/v1/event.grpc.pb.h"
#include "cartwise/rpc/guard.hpp"
#include "cartwise/rpc/server.hpp"
#include "cartwise/telemetry/v1/telemetry.grpc.pb.h"
#include "cartwise/tenant/v1/api_keys.grpc.pb.h"
#include "cartwise/testing/clock_fake.hpp"
#include "cartwise/testing/status.hpp"

namespace cartwise::rpc {
namespace {

const std::string kChain = "01890000-0000-7000-8000-000000000001";
const std::string kDevice = "01890000-0000-7000-8000-00000000000d";

/// What a handler saw, and what it shall do.
struct Handler {
  std::function<absl::Status(const Caller&)> act = [](const Caller&) { return absl::OkStatus(); };
  Caller seen;
  std::string key, hash;
  int calls = 0;

  absl::Status operator()(const Caller& caller) {
    ++calls;
    seen = caller;
    if (caller.once != nullptr) {
      key = caller.once->Key();
      hash = caller.once->RequestHash();
    }
    return act(caller);
  }
};

class IngestRpc final : public telemetry::v1::TelemetryService::Service {
 public:
  IngestRpc(Guard& guard, Handler& handler) : guard_(guard), handler_(handler) {}
  grpc::Status IngestTelemetry(grpc::ServerContext* ctx,
                               const telemetry::v1::IngestTelemetryRequest* request,
                               telemetry::v1::IngestTelemetryResponse* answer) override {
    return guard_.CallOnce(ctx, *request, *answer, [&](const Caller& caller) {
      const absl::Status status = handler_(caller);
      answer->set_stored(7);
      return status;
    });
  }

 private:
  Guard& guard_;
  Handler& handler_;
};

class SinkRpc final : public events::v1::EventSinkService::Service {
 public:
  SinkRpc(Guard& guard, Handler& handler) : guard_(guard), handler_(handler) {}
  grpc::Status Deliver(grpc::ServerContext* ctx, const events::v1::DeliverRequest* request,
                       google::protobuf::Empty*) override {
    return guard_.Call(ctx, *request, [&](const Caller& caller) { return handler_(caller); });
  }

 private:
  Guard& guard_;
  Handler& handler_;
};

class ExchangeRpc final : public tenant::v1::ApiKeyExchangeService::Service {
 public:
  ExchangeRpc(Guard& guard, Handler& handler) : guard_(guard), handler_(handler) {}
  grpc::Status ExchangeApiKey(grpc::ServerContext* ctx,
                              const tenant::v1::ExchangeApiKeyRequest* request,
                              tenant::v1::ExchangeApiKeyResponse*) override {
    return guard_.Call(ctx, *request, [&](const Caller& caller) { return handler_(caller); });
  }

 private:
  Guard& guard_;
  Handler& handler_;
};

TlsFiles Files(const auth::TestCertificates& certificates, const std::string& name) {
  const auto files = certificates.Of(name);
  return {files.ca, files.cert, files.key};
}

struct Fixture {
  auth::TestCertificates certificates;
  testing::FakeClock clock;
  auth::SigningKey signing = auth::NewTestKey("device-test");
  auth::TokenVerifier tokens{*auth::KeySet::FromPem({{"device-test", signing.PublicPem()}}), clock};
  obs::Metrics metrics;
  Guard guard{tokens, metrics};
  Handler handler;
  IngestRpc ingest_rpc{guard, handler};
  SinkRpc sink_rpc{guard, handler};
  ExchangeRpc exchange_rpc{guard, handler};
  std::unique_ptr<Server> server;

  Fixture() {
    auto started = Server::Start({"127.0.0.1:0", Files(certificates, "telemetry-svc")},
                                 {&ingest_rpc, &sink_rpc, &exchange_rpc});
    REQUIRE_OK(started);
    server = *std::move(started);
  }

  std::shared_ptr<grpc::Channel> As(const std::string& service) {
    return Connect("127.0.0.1:" + std::to_string(server->port()), "telemetry-svc",
                   Files(certificates, service));
  }
  std::string Token() {
    Caller device;
    device.principal = Principal::kDevice;
    device.subject = kDevice;
    device.chain = ChainId(kChain);
    return IssueToken(signing, device, clock.Now(), absl::Hours(1));
  }
  /// IngestTelemetry through the gateway with these metadata.
  absl::Status Ingest(const std::vector<std::pair<std::string, std::string>>& metadata,
                      const std::string& device = kDevice) {
    grpc::ClientContext ctx;
    for (const auto& [key, value] : metadata) ctx.AddMetadata(key, value);
    telemetry::v1::IngestTelemetryRequest request;
    request.set_device_id(device);
    telemetry::v1::IngestTelemetryResponse answer;
    const auto channel = As("gateway-svc");
    return FromGrpc(
        telemetry::v1::TelemetryService::NewStub(channel)->IngestTelemetry(&ctx, request, &answer));
  }
  absl::Status ExchangeKey(const std::string& service, const std::string& bearer = "") {
    grpc::ClientContext ctx;
    if (!bearer.empty()) ctx.AddMetadata("authorization", "Bearer " + bearer);
    tenant::v1::ExchangeApiKeyResponse answer;
    const auto channel = As(service);
    return FromGrpc(tenant::v1::ApiKeyExchangeService::NewStub(channel)->ExchangeApiKey(
        &ctx, tenant::v1::ExchangeApiKeyRequest(), &answer));
  }
  absl::Status Deliver(const std::string& service) {
    grpc::ClientContext ctx;
    google::protobuf::Empty answer;
    return FromGrpc(events::v1::EventSinkService::NewStub(As(service))
                        ->Deliver(&ctx, events::v1::DeliverRequest(), &answer));
  }
};

}  // namespace

TEST_CASE("the handler gets the proven caller, its trace and its deadline", "[guard]") {
  Fixture f;

  REQUIRE_OK(f.Ingest({{"authorization", "Bearer " + f.Token()},
                       {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                       {"x-forwarded-for", "203.0.113.9"}}));

  CHECK(f.handler.seen.principal == Principal::kDevice);
  CHECK(f.handler.seen.subject == kDevice);
  CHECK(f.handler.seen.chain.value() == kChain);
  CHECK(f.handler.seen.trace_id == "0af7651916cd43dd8448eb211c80319c");
  CHECK(f.handler.seen.peer == "203.0.113.9");
  CHECK(f.handler.seen.deadline <= absl::Now() + absl::Seconds(10));
  CHECK_THAT(f.metrics.Text(),
             Catch::Contains("grpc_server_handled_total{grpc_code=\"OK\",grpc_method="
                             "\"IngestTelemetry\",grpc_service="
                             "\"cartwise.telemetry.v1.TelemetryService\"} 1"));
}

TEST_CASE("a refusal is counted by the name that gRPC has for its code", "[guard]") {
  Fixture f;

  CHECK_REFUSED(f.Ingest({{"authorization", "Bearer " + f.Token()}, {"idempotency-key", ""}}),
                "INVALID_FIELD");

  CHECK_THAT(f.metrics.Text(),
             Catch::Contains("grpc_server_handled_total{grpc_code=\"INVALID_ARGUMENT\","));
}

TEST_CASE("without a good token no handler runs", "[guard]") {
  Fixture f;
  const std::string token = f.Token();

  CHECK_REFUSED(f.Ingest({}), "SIGN_IN_REQUIRED");
  for (const std::string& value :
       {std::string(), std::string("Bearer "), token, "Basic " + token, "Bearer " + token + "x"}) {
    CAPTURE(value);
    CHECK_REFUSED(f.Ingest({{"authorization", value}}), "BAD_TOKEN");
  }
  CHECK_REFUSED(f.Ingest({{"authorization", "Bearer " + token}, {"authorization", "Bearer x"}}),
                "BAD_TOKEN");
  CHECK_REFUSED(f.Ingest({{"authorization", "Bearer " + token}}, kChain), "DEVICE_NOT_FOUND");
  CHECK(f.handler.calls == 0);
}

TEST_CASE("a service is known by its certificate, the gateway is nobody", "[guard]") {
  Fixture f;

  REQUIRE_OK(f.Deliver("device-svc"));
  CHECK(f.handler.seen.principal == Principal::kService);
  CHECK(f.handler.seen.subject == "device-svc");

  CHECK_REFUSED(f.Deliver("gateway-svc"), "NOT_ALLOWED");
  CHECK(f.handler.calls == 1);
}

TEST_CASE("the gateway is a service only where a method names it", "[guard]") {
  Fixture f;

  REQUIRE_OK(f.ExchangeKey("gateway-svc"));
  CHECK(f.handler.seen.Label() == "service:gateway-svc");

  CHECK_REFUSED(f.ExchangeKey("device-svc"), "NOT_ALLOWED");
  CHECK_REFUSED(f.ExchangeKey("gateway-svc", f.Token()), "NOT_ALLOWED");
  CHECK(f.handler.calls == 1);
}

TEST_CASE("a certificate of another authority gets no call through", "[guard]") {
  Fixture f;
  const auth::TestCertificates strangers;
  const TlsFiles own = Files(f.certificates, "device-svc"),
                 strange = Files(strangers, "device-svc");
  const auto channel = Connect("127.0.0.1:" + std::to_string(f.server->port()), "telemetry-svc",
                               {own.ca, strange.cert, strange.key});
  grpc::ClientContext ctx;
  google::protobuf::Empty answer;

  const auto status = events::v1::EventSinkService::NewStub(channel)->Deliver(
      &ctx, events::v1::DeliverRequest(), &answer);

  CHECK(status.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(f.handler.calls == 0);
}

TEST_CASE("a certificate is replaced while the server runs, by a good one only", "[server]") {
  Fixture f;
  const TlsFiles ours = Files(f.certificates, "telemetry-svc");
  const auth::TestCertificates others;
  const TlsFiles theirs = Files(others, "telemetry-svc");
  const auto calls_by = [&](const TlsFiles& client) {
    grpc::ClientContext ctx;
    google::protobuf::Empty answer;
    const auto channel =
        Connect("127.0.0.1:" + std::to_string(f.server->port()), "telemetry-svc", client);
    return events::v1::EventSinkService::NewStub(channel)
        ->Deliver(&ctx, events::v1::DeliverRequest(), &answer)
        .ok();
  };
  const TlsFiles our_client = Files(f.certificates, "device-svc");
  const TlsFiles their_client = Files(others, "device-svc");
  REQUIRE(calls_by(our_client));
  REQUIRE_FALSE(calls_by(their_client));

  std::ofstream(ours.key) << "no key";
  CHECK(calls_by(our_client));

  for (const auto& [from, to] : {std::pair(theirs.ca, ours.ca), std::pair(theirs.cert, ours.cert),
                                 std::pair(theirs.key, ours.key)}) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
  }
  CHECK(calls_by(their_client));
}

TEST_CASE("a write carries its Idempotency-Key and the hash of its request", "[guard]") {
  Fixture f;
  const std::string bearer = "Bearer " + f.Token();

  REQUIRE_OK(f.Ingest({{"authorization", bearer}, {"idempotency-key", "k-1"}}));
  const std::string hash = f.handler.hash;
  REQUIRE_OK(f.Ingest({{"authorization", bearer}, {"idempotency-key", "k-1"}}));

  CHECK(f.handler.key == "k-1");
  CHECK(hash.size() == 64);
  CHECK(f.handler.hash == hash);
  CHECK_REFUSED(f.Ingest({{"authorization", bearer}, {"idempotency-key", std::string(256, 'k')}}),
                "INVALID_FIELD");
  CHECK_REFUSED(f.Ingest({{"authorization", bearer}, {"idempotency-key", ""}}), "INVALID_FIELD");

  REQUIRE_OK(f.Ingest({{"authorization", bearer}, {"idempotency-key", "two words"}}));
  CHECK(f.handler.key == "two words");
}

TEST_CASE("a handler that throws or fails inside tells nothing", "[guard]") {
  Fixture f;
  const std::string bearer = "Bearer " + f.Token();

  f.handler.act = [](const Caller&) -> absl::Status { throw std::runtime_error("secret"); };
  const absl::Status thrown = f.Ingest({{"authorization", bearer}});
  f.handler.act = [](const Caller&) { return absl::InternalError("secret"); };
  const absl::Status failed = f.Ingest({{"authorization", bearer}});

  for (const auto& status : {thrown, failed}) {
    CHECK(status.code() == absl::StatusCode::kInternal);
    CHECK(std::string(status.message()).find("secret") == std::string::npos);
  }
}

TEST_CASE("draining finishes and then refuses", "[server]") {
  Fixture f;
  REQUIRE_OK(f.Deliver("device-svc"));

  f.server->Drain(absl::Seconds(1));

  CHECK(f.Deliver("device-svc").code() == absl::StatusCode::kUnavailable);
}

}  // namespace cartwise::rpc
