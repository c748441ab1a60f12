#include "cartwise/rpc/stream_server.hpp"

#include <filesystem>
#include <future>

#include <catch2/catch.hpp>

#include "cartwise/rpc/stream_fixture_test.hpp"

namespace cartwise::rpc {
namespace {

using http2::RawClient;

TEST_CASE_METHOD(StreamFixture, "only who has a certificate of the fleet gets through",
                 "[streams]") {
  Start();
  const auth::TestCertificates strangers;
  const auto stranger = strangers.Of("gateway-svc");
  const auto own = FilesOf("gateway-svc");
  const auto call = [this](const TlsFiles& files) {
    const auto agents = v1::AgentService::NewStub(To(files));
    grpc::ClientContext context;
    return agents->Control(&context)->Finish().error_code();
  };

  CHECK(call({own.ca, stranger.cert, stranger.key}) == grpc::StatusCode::UNAVAILABLE);
  RawClient nobody(server->port(), own.ca);
  nobody.Greet();
  CHECK_FALSE(nobody.Await(RawClient::kSettings, 0));
}

TEST_CASE_METHOD(StreamFixture, "certificates are read anew for each connection", "[streams]") {
  Start();
  const auth::TestCertificates others;
  const auto other = others.Of("device-svc");
  const auto own = certificates.Of("device-svc");
  const auto caller = others.Of("gateway-svc");
  const auto replace = [](const std::string& from, const std::string& to) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
  };
  const auto reaches = [&] {
    try {
      RawClient client(server->port(), caller.ca, caller.cert, caller.key);
      return client.Greet() && client.Await(RawClient::kSettings, 0).has_value();
    } catch (const boost::system::system_error&) {
      return false;
    }
  };

  CHECK_FALSE(reaches());
  replace(other.cert, own.cert);
  CHECK_FALSE(reaches());
  replace(other.key, own.key);
  replace(other.ca, own.ca);
  CHECK(reaches());
}

TEST_CASE_METHOD(StreamFixture, "a server that drains takes no stream and lets those it has finish",
                 "[streams]") {
  Start();
  RawClient client = Raw();
  REQUIRE(client.Greet());
  REQUIRE(client.Call(1, kControl));
  First();
  auto drained = std::async(std::launch::async, [this] { server->Drain(absl::Seconds(60)); });

  REQUIRE(client.Await(RawClient::kGoaway, 0));
  client.Send(RawClient::kData, 0, 1, Heartbeat(5));
  REQUIRE(client.Await(RawClient::kData, 1));
  client.Send(RawClient::kData, RawClient::kEndStream, 1, "");

  const auto trailers = client.Await(RawClient::kHeaders, 1);
  REQUIRE(trailers);
  CHECK((trailers->flags & RawClient::kEndStream) != 0);
  drained.wait();
  client.AwaitEnd();
}

TEST_CASE_METHOD(StreamFixture, "a server that has drained for long enough ends its streams",
                 "[streams]") {
  Start();
  StreamClient client(*this);
  REQUIRE(client.Say(1));
  REQUIRE(client.Hear() == 1);

  server->Drain(absl::ZeroDuration());

  CHECK(First().gone.HasBeenNotified());
  CHECK(client.End().error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE_METHOD(StreamFixture, "a connection that is lost within a message ends its streams",
                 "[streams]") {
  Start();
  {
    RawClient client = Raw();
    REQUIRE(client.Greet());
    REQUIRE(client.Call(1, kControl));
    client.Send(RawClient::kData, 0, 1, Heartbeat(1).substr(0, 6));
    First();
  }

  First().gone.WaitForNotification();
}

TEST_CASE_METHOD(StreamFixture, "a connection is told that none of its headers are remembered",
                 "[streams]") {
  constexpr uint32_t kHeaderTableSize = 1;
  Start();
  RawClient client = Raw();
  REQUIRE(client.Greet());

  const auto settings = client.Await(RawClient::kSettings, 0);

  REQUIRE(settings);
  CHECK(http2::NumberIn(settings->payload) >> 16 == kHeaderTableSize);
  CHECK(http2::NumberIn(settings->payload, 2) == 0);
}

TEST_CASE_METHOD(StreamFixture, "a connection that is silent is ended", "[streams]") {
  http2::Limits limits = StreamLimits();
  limits.ping_after = std::chrono::milliseconds(50);
  limits.silence = std::chrono::milliseconds(200);
  Start(limits);
  RawClient client = Raw();
  REQUIRE(client.Greet());
  REQUIRE(client.Call(1, kControl));

  REQUIRE(client.Await(RawClient::kPing, 0));

  client.AwaitEnd();
  First().gone.WaitForNotification();
}

}  // namespace
}  // namespace cartwise::rpc
