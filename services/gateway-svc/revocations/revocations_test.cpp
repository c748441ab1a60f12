#include "revocations/revocations.hpp"

#include <thread>

#include <absl/strings/str_cat.h>
#include <absl/synchronization/notification.h>
#include <absl/time/clock.h>
#include <catch2/catch.hpp>

#include "cartwise/base/errors.hpp"
#include "cartwise/rpc/status.hpp"
#include "cartwise/rpc/values.hpp"
#include "cartwise/testing/clock_fake.hpp"
#include "cartwise/testing/status.hpp"
#include "http/test_gateway.hpp"
#include "revocations/revocation_watch.hpp"

namespace cartwise::gateway {
namespace {

using Kind = Revocation::Kind;

struct Fixture {
  testing::FakeClock clock;
  Revocations revocations{clock, absl::ZeroDuration()};
  Caller dana = Staff();

  Caller Staff() const {
    Caller caller;
    caller.principal = Principal::kStaff;
    caller.subject = NewUuid();
    caller.sign_in = NewUuid();
    caller.issued_at = clock.Now();
    return caller;
  }
};

/// A call under way, and when it was cancelled.
struct UnderWay {
  std::shared_ptr<LiveCall> call;
  absl::Notification cancelled;

  UnderWay(Revocations& revocations, const Caller& caller, bool streaming = true)
      : call(revocations.NewCall(caller, streaming)) {
    call->Begin([this] { cancelled.Notify(); });
  }
};

TEST_CASE_METHOD(Fixture, "a token of an ended sign-in is refused, one of another is not") {
  Caller again = dana;
  again.sign_in = NewUuid();
  revocations.Add({Kind::kSignIn, dana.sign_in, clock.Now()});

  CHECK_REFUSED(revocations.Check(dana), "TOKEN_REVOKED");
  CHECK(revocations.Check(again).ok());
  CHECK(revocations.Check(Staff()).ok());
}

TEST_CASE_METHOD(Fixture, "whose rights changed needs a token made since") {
  clock.Advance(absl::Seconds(10));
  revocations.Add({Kind::kUser, dana.subject, clock.Now()});
  revocations.Add({Kind::kUser, dana.subject, clock.Now() - absl::Seconds(20)});

  CHECK_REFUSED(revocations.Check(dana), "TOKEN_REVOKED");
  dana.issued_at = clock.Now();
  CHECK(revocations.Check(dana).ok());
}

TEST_CASE_METHOD(Fixture, "a token is told from a newer one by its rights, whenever it was made") {
  Caller key;
  key.principal = Principal::kApiKey;
  key.subject = NewUuid();
  for (Caller* const caller : {&dana, &key}) {
    const Kind kind = caller == &key ? Kind::kKey : Kind::kUser;
    // Of the same second, or told by clocks that differ.
    const absl::Duration made_after =
        GENERATE(absl::ZeroDuration(), absl::Seconds(30), -absl::Seconds(30));
    caller->issued_at = clock.Now() + made_after;
    Caller anew = *caller;
    anew.rights_version = 2;
    UnderWay old_call(revocations, *caller), new_call(revocations, anew);

    revocations.Add({kind, caller->subject, clock.Now(), 2});
    revocations.Add({kind, caller->subject, clock.Now(), 1});  // told again

    CHECK(old_call.cancelled.HasBeenNotified());
    CHECK_FALSE(new_call.cancelled.HasBeenNotified());
    UnderWay old_later(revocations, *caller), new_later(revocations, anew);
    CHECK(old_later.cancelled.HasBeenNotified());
    CHECK_FALSE(new_later.cancelled.HasBeenNotified());
    if (caller == &key) continue;
    CHECK_REFUSED(revocations.Check(*caller), "TOKEN_REVOKED");
    CHECK(revocations.Check(anew).ok());
  }
}

TEST_CASE_METHOD(Fixture, "a revocation is forgotten when no token of it can live any more") {
  revocations.Add({Kind::kSignIn, dana.sign_in, clock.Now()});
  clock.Advance(absl::Minutes(15));
  revocations.Add({Kind::kSignIn, NewUuid(), clock.Now()});
  CHECK_FALSE(revocations.Check(dana).ok());
  clock.Advance(absl::Minutes(2));
  revocations.Add({Kind::kSignIn, NewUuid(), clock.Now()});
  CHECK(revocations.Check(dana).ok());
}

TEST_CASE_METHOD(Fixture, "a shopper who signed out is refused for as long as the token lives") {
  Caller shopper = Staff(), other = Staff();
  shopper.principal = other.principal = Principal::kShopper;
  CHECK(revocations.Check(shopper).ok());
  revocations.Add({Kind::kShopper, shopper.sign_in, clock.Now()});

  CHECK_REFUSED(revocations.Check(shopper), "TOKEN_REVOKED");
  CHECK(revocations.Check(other).ok());
  clock.Advance(absl::Hours(30 * 24));
  revocations.Add({Kind::kSignIn, NewUuid(), clock.Now()});
  CHECK_REFUSED(revocations.Check(shopper), "TOKEN_REVOKED");
  clock.Advance(absl::Hours(25));
  revocations.Add({Kind::kSignIn, NewUuid(), clock.Now()});
  CHECK(revocations.Check(shopper).ok());
}

TEST_CASE_METHOD(Fixture, "streams of whoever is revoked end at once, those of others go on") {
  Caller key;
  key.principal = Principal::kApiKey;
  key.subject = NewUuid();
  UnderWay hers(revocations, dana), other(revocations, Staff()), keys(revocations, key);

  revocations.Add({Kind::kSignIn, dana.sign_in, clock.Now()});
  CHECK(hers.cancelled.HasBeenNotified());
  CHECK(hers.call->cut_off());
  CHECK_FALSE(keys.cancelled.HasBeenNotified());
  revocations.Add({Kind::kKey, key.subject, clock.Now()});
  CHECK(keys.cancelled.HasBeenNotified());
  CHECK_FALSE(other.cancelled.HasBeenNotified());
}

TEST_CASE_METHOD(Fixture, "a call that begins after its caller was revoked ends too") {
  const auto call = revocations.NewCall(dana, /*streaming=*/true);
  revocations.Add({Kind::kSignIn, dana.sign_in, clock.Now()});
  absl::Notification cancelled;
  call->Begin([&] { cancelled.Notify(); });
  CHECK(cancelled.HasBeenNotified());
}

TEST_CASE_METHOD(Fixture, "a key's call goes on with a token made since, and with no older one") {
  Caller key;
  key.principal = Principal::kApiKey;
  key.subject = NewUuid();
  key.issued_at = clock.Now();
  clock.Advance(absl::Seconds(10));
  const absl::Time revoked_at = clock.Now();
  revocations.Add({Kind::kKey, key.subject, revoked_at});

  UnderWay old(revocations, key);
  CHECK(old.cancelled.HasBeenNotified());
  clock.Advance(absl::Seconds(1));
  key.issued_at = clock.Now();
  UnderWay anew(revocations, key);
  revocations.Add({Kind::kKey, key.subject, revoked_at});  // as after a reconnect
  CHECK_FALSE(anew.cancelled.HasBeenNotified());
}

TEST_CASE_METHOD(Fixture, "a unary call is given time to end by itself") {
  Revocations patient(clock, absl::Hours(1));
  UnderWay call(patient, dana, /*streaming=*/false);
  patient.Add({Kind::kSignIn, dana.sign_in, clock.Now()});
  CHECK_FALSE(call.cancelled.HasBeenNotified());
  call.call->End();
  CHECK_FALSE(call.call->cut_off());

  UnderWay hanging(revocations, dana, /*streaming=*/false);
  revocations.Add({Kind::kSignIn, dana.sign_in, clock.Now()});
  hanging.cancelled.WaitForNotification();
  CHECK(hanging.call->cut_off());
}

TEST_CASE_METHOD(Fixture, "devices are not revoked here") {
  Caller device;
  device.principal = Principal::kDevice;
  device.subject = NewUuid();
  CHECK(revocations.NewCall(device, true) == nullptr);
  revocations.Add({Kind::kUser, device.subject, clock.Now()});
  CHECK(revocations.Check(device).ok());
}

/// Somebody signed in at a gateway.
struct SignedIn {
  TestGateway gateway;
  Caller caller = Staff();
  std::string token = gateway.TokenOf(caller);

  Caller Staff() const {
    Caller staff = gateway.KeyCaller({});
    staff.principal = Principal::kStaff;
    staff.sign_in = NewUuid();
    return staff;
  }
  TestClient::Response Get(const std::string& target) {
    TestClient client(gateway.http_port());
    return client.Send(absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: localhost\r\n",
                                    "Authorization: Bearer ", token, "\r\n\r\n"));
  }
  std::string Carts() const { return "/api/branches/" + gateway.branch.value() + "/carts"; }
  grpc::Status ListOverGrpc() {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + token);
    rental::v1::ListCartsRequest request;
    request.set_branch_id(gateway.branch.value());
    rental::v1::ListCartsResponse response;
    return rental::v1::CartService::NewStub(gateway.GrpcChannel())
        ->ListCarts(&context, request, &response);
  }
};

TEST_CASE_METHOD(SignedIn, "an access token of an ended sign-in is 401 over REST and gRPC") {
  REQUIRE(Get(Carts()).result_int() == 200);
  REQUIRE(ListOverGrpc().ok());

  gateway.revocations.Add({Kind::kSignIn, caller.sign_in, absl::Now()});

  const auto answer = Get(Carts());
  CHECK(answer.result_int() == 401);
  CHECK(answer.body().find("TOKEN_REVOKED") != std::string::npos);
  CHECK(errors::Reason(rpc::FromGrpc(ListOverGrpc())) == "TOKEN_REVOKED");
}

TEST_CASE_METHOD(SignedIn, "a running call of whoever is revoked is cut off") {
  gateway.carts.until_cancelled = true;
  const bool over_rest = GENERATE(true, false);
  std::string heard;
  std::thread client([&] {
    heard = over_rest ? Get(Carts()).body() : errors::Reason(rpc::FromGrpc(ListOverGrpc()));
  });
  gateway.carts.entered.WaitForNotification();

  gateway.revocations.Add({Kind::kSignIn, caller.sign_in, absl::Now()});

  client.join();
  gateway.carts.cancelled.WaitForNotification();
  CHECK(heard.find("TOKEN_REVOKED") != std::string::npos);
}

/// A service of this process, on a free port.
struct Served {
  explicit Served(grpc::Service& service) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    server = builder.BuildAndStart();
  }
  std::shared_ptr<grpc::Channel> Channel() const {
    return grpc::CreateChannel(absl::StrCat("127.0.0.1:", port),
                               grpc::InsecureChannelCredentials());
  }
  int port = 0;
  std::unique_ptr<grpc::Server> server;
};

tenant::v1::WatchRevocationsResponse AnswerWith(const std::string& id) {
  tenant::v1::WatchRevocationsResponse response;
  auto& revocation = *response.add_revocations();
  revocation.set_kind(tenant::v1::Revocation::KEY);
  revocation.set_id(id);
  *revocation.mutable_revoked_at() = rpc::ToTimestamp(absl::UnixEpoch());
  return response;
}

/// Tells one revocation to each watcher and ends the watch, but for the last.
class FakeFeed final : public tenant::v1::RevocationService::Service {
 public:
  explicit FakeFeed(int watches) : watches_(watches) {}

  grpc::Status WatchRevocations(
      grpc::ServerContext* context, const tenant::v1::WatchRevocationsRequest*,
      grpc::ServerWriter<tenant::v1::WatchRevocationsResponse>* out) override {
    out->Write(AnswerWith(absl::StrCat("k", ++told_)));
    while (told_ == watches_ && !context->IsCancelled()) std::this_thread::yield();
    return grpc::Status::OK;
  }

 private:
  const int watches_;
  std::atomic<int> told_ = 0;
};

TEST_CASE("a watch that ends is opened again, and a metric says whether it is open") {
  const TestGateway keeps_grpc_alive;
  FakeFeed feed(3);
  const Served served(feed);
  obs::Metrics metrics;
  std::vector<std::string> heard;
  absl::Notification all;
  {
    const RevocationWatch watch(served.Channel(), metrics, [&](const Revocation& revocation) {
      heard.push_back(revocation.id);
      if (heard.size() == 3) all.Notify();
    });
    all.WaitForNotification();
    const std::string up = absl::StrCat(kRevocationsHeardMetric, " 1");
    while (metrics.Text().find(up) == std::string::npos) std::this_thread::yield();
  }
  CHECK(heard == std::vector<std::string>{"k1", "k2", "k3"});
}

/// Tells two revocations in two answers that belong together, then one more.
class FakePieces final : public tenant::v1::RevocationService::Service {
  grpc::Status WatchRevocations(
      grpc::ServerContext* context, const tenant::v1::WatchRevocationsRequest*,
      grpc::ServerWriter<tenant::v1::WatchRevocationsResponse>* out) override {
    for (const char* const id : {"k1", "k2", "k3"}) {
      auto response = AnswerWith(id);
      response.set_more(response.revocations(0).id() == "k1");
      out->Write(response);
    }
    while (!context->IsCancelled()) std::this_thread::yield();
    return grpc::Status::OK;
  }
};

TEST_CASE("revocations that come in pieces are heard with the last") {
  const TestGateway keeps_grpc_alive;
  FakePieces pieces;
  const Served served(pieces);
  obs::Metrics metrics;
  // Before each revocation.
  std::vector<bool> up;
  absl::Notification all;
  {
    const RevocationWatch watch(served.Channel(), metrics, [&](const Revocation&) {
      const std::string line = absl::StrCat(kRevocationsHeardMetric, " 1");
      up.push_back(metrics.Text().find(line) != std::string::npos);
      if (up.size() == 3) all.Notify();
    });
    all.WaitForNotification();
  }
  CHECK(up == std::vector<bool>{false, false, true});
}

}  // namespace
}  // namespace cartwise::gateway
