#include "proxy/api_keys.hpp"

#include <atomic>
#include <thread>

#include <absl/strings/str_cat.h>
#include <absl/synchronization/blocking_counter.h>
#include <absl/synchronization/notification.h>
#include <catch2/catch.hpp>

#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/rpc/status.hpp"
#include "cartwise/testing/clock_fake.hpp"
#include "cartwise/testing/status.hpp"
#include "http/test_gateway.hpp"

namespace cartwise::gateway {
namespace {

const std::string kKey = "cwak_" + std::string(32, 'a') + "_secret";

/// Keys on a clock of the test's own, beside a gateway.
struct Keys {
  TestGateway gateway;
  testing::FakeClock clock;
  auth::SigningKey signing_key = auth::NewTestKey("tenant-test");
  auth::TokenVerifier tokens{
      auth::KeySet::FromPem({{"tenant-test", signing_key.PublicPem()}}).value(), clock};
  FakeApiKeys fake{signing_key, clock};
  int port = 0;
  std::unique_ptr<grpc::Server> server = Serve();
  Upstream tenant{"tenant"};
  ApiKeys keys{
      grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()),
      tenant, tokens, clock, /*kept=*/100};
  const Caller caller = gateway.KeyCaller({"rentals:read"});

  Keys() { fake.Set(kKey, caller); }

  KeyAnswer Exchange(const std::string& key = kKey) {
    absl::Notification answered;
    KeyAnswer answer;
    keys.Exchange(key, [&](const KeyAnswer& given) {
      answer = given;
      answered.Notify();
    });
    answered.WaitForNotification();
    return answer;
  }
  std::unique_ptr<grpc::Server> Serve() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(absl::StrCat("127.0.0.1:", port), grpc::InsecureServerCredentials(),
                             &port);
    builder.RegisterService(&fake);
    return builder.BuildAndStart();
  }
};

TEST_CASE_METHOD(Keys, "a key is exchanged once and then known as long as its token lives") {
  CHECK_FALSE(keys.Find(kKey));
  REQUIRE_OK(Exchange());

  const auto known = keys.Find(kKey);

  REQUIRE(known);
  REQUIRE_OK(*known);
  CHECK((**known)->caller.subject == caller.subject);
  CHECK((**known)->caller.scopes == caller.scopes);
  REQUIRE_OK(tokens.Verify((**known)->token));
  CHECK(fake.exchanges() == 1);
  clock.Advance(absl::Minutes(5));
  CHECK_FALSE(keys.Find(kKey));
}

TEST_CASE_METHOD(Keys, "a bad key is known as bad for seconds, and then asked for again") {
  fake.Set(kKey, std::nullopt);
  CHECK_REFUSED(Exchange().status(), "API_KEY_INVALID");
  const auto known = keys.Find(kKey);
  REQUIRE(known);
  CHECK_REFUSED(*known, "API_KEY_INVALID");
  CHECK(fake.exchanges() == 1);

  clock.Advance(absl::Seconds(10));
  CHECK_FALSE(keys.Find(kKey));
}

TEST_CASE_METHOD(Keys, "of many who bring a new key at once, one exchanges it") {
  absl::Notification go;
  fake.Hold(&go);
  absl::BlockingCounter answered(50);
  std::atomic<int> good = 0;
  for (int i = 0; i < 50; ++i) {
    keys.Exchange(kKey, [&](const KeyAnswer& answer) {
      good += answer.ok();
      answered.DecrementCount();
    });
  }
  go.Notify();
  answered.Wait();

  CHECK(good == 50);
  CHECK(fake.exchanges() == 1);
}

TEST_CASE_METHOD(Keys,
                 "a forgotten key is asked for again, also when it was just being asked for") {
  REQUIRE_OK(Exchange());
  keys.Forget(caller.subject);
  CHECK_FALSE(keys.Find(kKey));

  absl::Notification go, answered;
  fake.Hold(&go);
  KeyAnswer answer;
  keys.Exchange(kKey, [&](const KeyAnswer& given) {
    answer = given;
    answered.Notify();
  });
  while (fake.exchanges() < 2) std::this_thread::yield();
  // tenant-svc has answered "good" and its answer is on its way.
  fake.Set(kKey, std::nullopt);
  keys.Forget(caller.subject);
  go.Notify();
  answered.WaitForNotification();

  CHECK_REFUSED(answer.status(), "API_KEY_INVALID");
}

TEST_CASE_METHOD(Keys, "a known key works on while tenant-svc is away, an unknown one is 503") {
  REQUIRE_OK(Exchange());
  server->Shutdown(std::chrono::system_clock::now());

  const absl::Status unknown = Exchange("cwak_" + std::string(32, 'b') + "_secret").status();
  CHECK_REFUSED(unknown, "KEY_CHECK_UNAVAILABLE");
  CHECK(unknown.code() == absl::StatusCode::kUnavailable);
  clock.Advance(absl::Minutes(4));
  REQUIRE(keys.Find(kKey));
  CHECK_FALSE(Exchange().ok());  // asks in vain, which changes nothing
  REQUIRE(keys.Find(kKey));
  CHECK(keys.Find(kKey)->ok());
}

TEST_CASE_METHOD(Keys, "an unknown key waits a little for a tenant-svc that comes back") {
  const KeyAnswer other = Exchange("cwak_" + std::string(32, 'c') + "_secret");
  REQUIRE(absl::IsUnauthenticated(other.status()));  // there is a line to tenant-svc
  server->Shutdown(std::chrono::system_clock::now());
  server.reset();
  absl::Notification answered;
  KeyAnswer answer;
  keys.Exchange(kKey, [&](const KeyAnswer& given) {
    answer = given;
    answered.Notify();
  });

  server = Serve();

  answered.WaitForNotification();
  CHECK(answer.ok());
}

TEST_CASE_METHOD(Keys, "a key in use is asked for again before its token ends") {
  REQUIRE_OK(Exchange());
  const auto ends_at = [&] { return (**keys.Find(kKey))->expires_at; };
  const absl::Time first_end = ends_at();

  clock.Advance(absl::Minutes(3));
  while (ends_at() == first_end) std::this_thread::yield();

  CHECK(fake.exchanges() == 2);
  clock.Advance(absl::Minutes(2) + absl::Seconds(20));
  REQUIRE(keys.Find(kKey));
  CHECK(keys.Find(kKey)->ok());
}

TEST_CASE_METHOD(Keys, "a flood of made-up keys makes no good one forgotten") {
  REQUIRE_OK(Exchange());
  for (int i = 0; i < 300; ++i) {
    CHECK_FALSE(Exchange(absl::StrCat("cwak_", std::string(32, 'c'), "_", i)).ok());
  }
  CHECK(keys.Find(kKey));
}

struct Over : Keys {
  std::string carts = "/api/branches/" + gateway.branch.value() + "/carts";

  Over() { gateway.api_keys.Set(kKey, caller); }

  TestClient::Response Get(const std::string& key, const std::string& line = "GET ") {
    TestClient client(gateway.http_port());
    return client.Send(absl::StrCat(line, carts, " HTTP/1.1\r\nHost: localhost\r\nAuthorization: ",
                                    "Bearer ", key, "\r\n\r\n"));
  }
  grpc::Status List(const std::string& key) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + key);
    rental::v1::ListCartsRequest request;
    request.set_branch_id(gateway.branch.value());
    rental::v1::ListCartsResponse response;
    return rental::v1::CartService::NewStub(gateway.GrpcChannel())
        ->ListCarts(&context, request, &response);
  }
};

TEST_CASE_METHOD(Over, "a key opens REST and gRPC, and services get its token instead") {
  CHECK(Get(kKey).result_int() == 200);
  CHECK(List(kKey).ok());

  const std::string sent = gateway.carts.metadata.find("authorization")->second;
  CHECK(sent.rfind("Bearer ey", 0) == 0);
  CHECK(sent.find("cwak_") == std::string::npos);
  CHECK(gateway.api_keys.exchanges() == 1);
}

TEST_CASE_METHOD(Over, "a key does what its scopes, role and branches allow, and nothing else") {
  CHECK(Get(kKey, "DELETE ").result_int() == 405);
  carts += "/" + NewUuid();
  const auto write = Get(kKey, "DELETE ");
  CHECK(write.result_int() == 403);
  CHECK(write.body().find("SCOPE_MISSING") != std::string::npos);
  carts = "/api/branches/" + NewUuid() + "/carts";
  CHECK(Get(kKey).result_int() == 404);
  carts = "/api/users";
  const auto people = Get(kKey);
  CHECK(people.result_int() == 403);
  CHECK(people.body().find("NOT_ALLOWED") != std::string::npos);
}

TEST_CASE_METHOD(Over, "an unknown key is 401, and the token of one is no credential of a client") {
  const std::string unknown = "cwak_" + std::string(32, 'b') + "_secret";
  CHECK(Get(unknown).result_int() == 401);
  CHECK(errors::Reason(rpc::FromGrpc(List(unknown))) == "API_KEY_INVALID");
  CHECK(Get(kKey).result_int() == 200);
  const std::string token = gateway.carts.metadata.find("authorization")->second.substr(7);
  CHECK(Get(token).result_int() == 401);
}

TEST_CASE_METHOD(Over, "a key is 503 while nobody can tell what it is worth") {
  gateway.StopServices();
  const auto answer = Get(kKey);
  CHECK(answer.result_int() == 503);
  CHECK(answer.body().find("KEY_CHECK_UNAVAILABLE") != std::string::npos);
  CHECK(List(kKey).error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("whoever tries keys is stopped by the rate of sign-ins") {
  TestGateway::Options options;
  options.rates.sign_in = 2;
  TestGateway gateway(options);
  const auto try_key = [&](int i) {
    TestClient client(gateway.http_port());
    return client
        .Send(
            absl::StrCat("GET /api/branches HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ",
                         "cwak_", std::string(32, 'b'), "_", i, "\r\n\r\n"))
        .result_int();
  };
  CHECK(try_key(0) == 401);
  CHECK(try_key(0) == 401);
  CHECK(try_key(1) == 401);
  CHECK(try_key(2) == 429);
  CHECK(gateway.api_keys.exchanges() == 2);
}

TEST_CASE("a key has the rate it was given, and draws on its chain") {
  TestGateway::Options options;
  options.rates.principal = 1;
  options.rates.chain = 4;
  TestGateway gateway(options);
  Caller caller = gateway.KeyCaller({"rentals:read"});
  caller.requests_per_minute = 3;
  gateway.api_keys.Set(kKey, caller);
  std::vector<unsigned> answers;
  std::string policy;
  for (int i = 0; i < 4; ++i) {
    TestClient client(gateway.http_port());
    const auto answer = client.Send(
        absl::StrCat("GET /api/branches/", gateway.branch.value(), "/carts HTTP/1.1\r\n",
                     "Host: localhost\r\nAuthorization: Bearer ", kKey, "\r\n\r\n"));
    answers.push_back(answer.result_int());
    policy = std::string(answer["RateLimit-Policy"]);
  }
  CHECK(answers == std::vector<unsigned>{200, 200, 200, 429});
  CHECK(policy == R"("chain";q=4;w=60, "key";q=3;w=60)");
}

}  // namespace
}  // namespace cartwise::gateway
