#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/http2/raw_client.hpp"
#include "http/test_gateway.hpp"

namespace cartwise::gateway {
namespace {

using http2::FrameOf;
using http2::Limits;
using http2::Number;
using http2::NumberIn;
using http2::RawClient;
using std::chrono::milliseconds;

constexpr uint32_t kNoError = 0, kRefusedStream = 7, kCancel = 8;
constexpr uint16_t kInitialWindow = 4;
constexpr char kControl[] = "/cartwise.device.v1.AgentService/Control";
constexpr char kHealth[] = "/grpc.health.v1.Health/Check";
constexpr char kListCarts[] = "/cartwise.rental.v1.CartService/ListCarts";

struct Fixture {
  auth::TestCertificates certificates;
  auth::TestCertificates::Files files = certificates.Of("localhost");
  std::unique_ptr<Tls> tls = Tls::Load(files.cert, files.key, Tls::Protocol::kHttp2).value();
  std::unique_ptr<TestGateway> gateway;

  RawClient Connect(const Limits& limits = {}, bool handshake = true) {
    if (!gateway) {
      gateway = std::make_unique<TestGateway>(
          TestGateway::Options{.http2 = limits, .grpc_tls = tls.get()});
    }
    return RawClient(gateway->grpc_port(), files.ca, handshake);
  }
  std::pair<std::string, std::string> Authorization() {
    return {"authorization", "Bearer " + gateway->StaffToken()};
  }

  /// Of an honest client, which tries again when a short time meant for others hits it
  /// on a slow machine.
  grpc::Status HonestCall() {
    grpc::Status status;
    for (int tries = 0; tries < 10; ++tries) {
      status = TryHonestCall();
      if (status.ok()) break;
    }
    return status;
  }
  /// As gRPC makes it, on a connection of its own.
  grpc::Status TryHonestCall() {
    std::ifstream file(files.ca);
    grpc::SslCredentialsOptions options;
    options.pem_root_certs.assign(std::istreambuf_iterator<char>(file), {});
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetSslTargetNameOverride("localhost");
    const auto carts = rental::v1::CartService::NewStub(
        grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(gateway->grpc_port()),
                                  grpc::SslCredentials(options), arguments));
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + gateway->StaffToken());
    rental::v1::ListCartsRequest request;
    request.set_branch_id(gateway->branch.value());
    request.set_page_size(3);
    rental::v1::ListCartsResponse response;
    return carts->ListCarts(&context, request, &response);
  }
  /// A framed ListCartsRequest.
  std::string ListRequest(int carts) {
    rental::v1::ListCartsRequest request;
    request.set_branch_id(gateway->branch.value());
    request.set_page_size(carts);
    const std::string bytes = request.SerializeAsString();
    return std::string(1, '\0') + Number(static_cast<uint32_t>(bytes.size())) + bytes;
  }
};

TEST_CASE_METHOD(Fixture, "who floods with frames that carry nothing is cut off") {
  const std::string kind =
      GENERATE(as<std::string>(), "SETTINGS", "PING", "PRIORITY", "empty DATA", "rapid reset");
  RawClient client = Connect();
  REQUIRE(client.Greet());
  if (kind == "empty DATA") {
    client.Call(1, kControl, {{"authorization", "Bearer " + gateway->DeviceToken()}});
  }
  const auto send = [&](uint32_t i) {
    if (kind == "SETTINGS") return client.Send(RawClient::kSettings, 0, 0, "");
    if (kind == "PING") return client.Send(RawClient::kPing, 0, 0, "12345678");
    if (kind == "PRIORITY") return client.Send(RawClient::kPriority, 0, 1, Number(0) + "\x10");
    if (kind == "empty DATA") return client.Send(RawClient::kData, 0, 1, "");
    return client.Call(2 * i + 1, kListCarts) &&
           client.Send(RawClient::kRstStream, 0, 2 * i + 1, Number(kCancel));
  };
  INFO(kind);
  for (uint32_t i = 0; i < 5000 && send(i); ++i) {
  }
  client.AwaitEnd();
  CHECK(HonestCall().ok());
}

TEST_CASE_METHOD(Fixture, "frames as an honest client sends them are not too many") {
  RawClient client = Connect();
  REQUIRE(client.Greet());
  for (int i = 0; i < 500; ++i) {
    REQUIRE(client.Send(RawClient::kPing, 0, 0, "12345678"));
    REQUIRE(client.Await(RawClient::kPing, 0));
  }
  CHECK(HonestCall().ok());
}

TEST_CASE_METHOD(Fixture, "a head that never ends is cut off") {
  RawClient client = Connect();
  REQUIRE(client.Greet());
  client.Call(1, kListCarts, {}, true);
  for (int i = 0; i < 5000; ++i) {
    if (!client.Send(RawClient::kContinuation, 0, 1, std::string("\0\x01xa1", 4))) break;
  }
  client.AwaitEnd();
  CHECK(HonestCall().ok());
}

TEST_CASE_METHOD(Fixture, "a head that is too large ends its call and no other") {
  RawClient client = Connect({.header_bytes = 4096});
  REQUIRE(client.Greet());
  client.Call(1, kListCarts, {Authorization(), {"x-large", std::string(5'000, 'a')}});
  const auto answer = client.Await(RawClient::kHeaders, 1);
  REQUIRE(answer);
  CHECK((answer->flags & RawClient::kEndStream) != 0);
  CHECK(gateway->carts.metadata.empty());
  client.Call(3, kListCarts, {Authorization()});
  client.Send(RawClient::kData, RawClient::kEndStream, 3, ListRequest(1));
  CHECK(client.Await(RawClient::kData, 3));
}

TEST_CASE_METHOD(Fixture, "more calls at a time than allowed are refused") {
  RawClient client = Connect({.streams = 2});
  REQUIRE(client.Greet());
  for (const uint32_t stream : {1, 3, 5}) {
    // A call that has ended does not count.
    client.Call(stream, kControl, {});
    REQUIRE(client.Await(RawClient::kRstStream, stream));
  }
  client.Call(7, kListCarts, {Authorization()});
  client.Call(9, kListCarts, {Authorization()});
  client.Call(11, kListCarts, {Authorization()});
  const auto reset = client.Await(RawClient::kRstStream, 11);
  REQUIRE(reset);
  CHECK(NumberIn(reset->payload) == kRefusedStream);
}

TEST_CASE_METHOD(Fixture, "a client that does not open its window is given up") {
  RawClient client = Connect({.stall_time = milliseconds(200)});
  REQUIRE(client.Greet({{kInitialWindow, 0}}));
  client.Call(1, kListCarts, {Authorization()});
  client.Send(RawClient::kData, RawClient::kEndStream, 1, ListRequest(40));
  const auto reset = client.Await(RawClient::kRstStream, 1);
  REQUIRE(reset);
  CHECK(NumberIn(reset->payload) == kCancel);
  CHECK(HonestCall().ok());
}

TEST_CASE_METHOD(Fixture, "an answer that is not taken in time is given up, also drop by drop") {
  // No limit on a stall: what a drop would begin anew.
  RawClient client =
      Connect({.stall_time = std::chrono::minutes(10), .answer_time = milliseconds(1000)});
  REQUIRE(client.Greet({{kInitialWindow, 10}}));
  client.Call(1, kListCarts, {Authorization()});
  client.Send(RawClient::kData, RawClient::kEndStream, 1, ListRequest(40));
  REQUIRE(client.Await(RawClient::kData, 1));
  client.Send(RawClient::kWindowUpdate, 0, 1, Number(1));
  REQUIRE(client.Await(RawClient::kData, 1));
  const auto reset = client.Await(RawClient::kRstStream, 1);
  REQUIRE(reset);
  CHECK(NumberIn(reset->payload) == kCancel);
}

TEST_CASE_METHOD(Fixture, "who makes us refuse on and on is cut off") {
  const std::string kind = GENERATE(as<std::string>(), "refused calls", "shut windows opened");
  INFO(kind);
  RawClient client = Connect();
  REQUIRE(client.Greet());
  const auto ask = [&](uint32_t stream) {
    if (!client.Call(stream, kHealth)) return false;
    // A window beyond its bound resets the stream, by nghttp2's own doing.
    return kind == "refused calls" ||
           client.Send(RawClient::kWindowUpdate, 0, stream, Number(0x7fffffff));
  };
  for (uint32_t i = 0; i < 5000 && ask(2 * i + 1); ++i) {
  }
  client.AwaitEnd();
  CHECK(HonestCall().ok());
}

TEST_CASE_METHOD(Fixture, "a call of which the rest never comes is given up") {
  const std::string kind = GENERATE(as<std::string>(), "no message", "half a head");
  INFO(kind);
  RawClient client = Connect({.handshake_time = milliseconds(1000)});
  REQUIRE(client.Greet());
  REQUIRE(client.Call(1, kHealth, {}, kind == "half a head"));
  const auto reset = client.Await(RawClient::kRstStream, 1);
  REQUIRE(reset);
  CHECK(NumberIn(reset->payload) == kCancel);
}

TEST_CASE_METHOD(Fixture, "a large question about health is not kept") {
  RawClient client = Connect();
  REQUIRE(client.Greet());
  client.Call(1, kHealth);
  client.Send(RawClient::kData, 0, 1, std::string(2'000, 'a'));
  const auto answer = client.Await(RawClient::kHeaders, 1);
  REQUIRE(answer);
  CHECK((answer->flags & RawClient::kEndStream) != 0);
}

TEST_CASE_METHOD(Fixture, "who does not come to terms is cut off") {
  const std::string kind = GENERATE(as<std::string>(), "no TLS", "no preface", "no settings");
  INFO(kind);
  RawClient client = Connect({.handshake_time = milliseconds(1000)}, kind != "no TLS");
  if (kind == "no settings") client.Send(RawClient::kPing, 0, 0, "");
  client.AwaitEnd();
  CHECK(HonestCall().ok());
}

TEST_CASE_METHOD(Fixture, "a connection without a call is told to go") {
  RawClient client = Connect({.idle_time = milliseconds(1000)});
  REQUIRE(client.Greet());
  const auto goaway = client.Await(RawClient::kGoaway, 0);
  REQUIRE(goaway);
  CHECK(NumberIn(goaway->payload, 4) == kNoError);
  client.AwaitEnd();
}

TEST_CASE_METHOD(Fixture, "when all connections are taken the longest idle one gives way") {
  RawClient idle = Connect({.connections = 2});
  REQUIRE(idle.Greet());
  REQUIRE(idle.Await(RawClient::kSettings, 0));
  RawClient other = Connect();
  REQUIRE(other.Greet());
  RawClient newest = Connect();
  REQUIRE(newest.Greet());
  CHECK(newest.Await(RawClient::kSettings, 0));
  idle.AwaitEnd();
}

TEST_CASE_METHOD(Fixture, "who only begins to ask keeps nobody out") {
  const std::string begun = FrameOf(RawClient::kPing, 0, 0, "12345678") +
                            FrameOf(RawClient::kHeaders, 0, 1, http2::Field(":method", "POST"));
  // Who got a place would keep it.
  const Limits limits{.connections = 2, .handshake_time = std::chrono::hours(1)};
  RawClient first = Connect(limits), second = Connect();
  for (RawClient* const client : {&first, &second}) {
    REQUIRE(client->Greet());
    REQUIRE(client->Write(begun));
    REQUIRE(client->Await(RawClient::kPing, 0));
  }
  RawClient third = Connect();
  REQUIRE(third.Greet());
  CHECK(third.Await(RawClient::kSettings, 0));
}

TEST_CASE_METHOD(Fixture, "a drain tells clients to go and ends what does not") {
  const bool calling = GENERATE(false, true);
  // Nothing but the drain ends a call that stays half asked.
  constexpr auto kNever = std::chrono::hours(1);
  RawClient client = Connect({.handshake_time = kNever, .ping_after = kNever, .silence = kNever});
  REQUIRE(client.Greet());
  REQUIRE(client.Await(RawClient::kSettings, 0));
  if (calling) {
    client.Call(1, kHealth);
    client.Send(RawClient::kPing, 0, 0, "12345678");
    REQUIRE(client.Await(RawClient::kPing, 0));
  }
  gateway->grpc().Drain(absl::Milliseconds(200));
  const auto goaway = client.Await(RawClient::kGoaway, 0);
  REQUIRE(goaway);
  CHECK(NumberIn(goaway->payload, 4) == kNoError);
  client.AwaitEnd();
}

TEST_CASE_METHOD(Fixture, "who asks faster than refusals leave is cut off") {
  // As many frames as it likes, so that only those of ours that wait count.
  RawClient client = Connect({.frames_burst = 1'000'000'000});
  REQUIRE(client.Greet());
  // POST, http and "/" as HPACK's table has them: thousands fit into one turn of reading.
  const std::string head = "\x83\x86\x84";
  uint32_t stream = 1;
  bool open = true;
  for (int bursts = 0; open && bursts < 200; ++bursts) {
    std::string burst;
    for (int i = 0; i < 20'000; ++i, stream += 2) {
      burst += FrameOf(RawClient::kHeaders, RawClient::kEndHeaders, stream, head);
    }
    open = client.Write(burst);
  }
  CHECK_FALSE(open);
  CHECK(HonestCall().ok());
}

}  // namespace
}  // namespace cartwise::gateway
