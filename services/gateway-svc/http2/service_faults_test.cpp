// What services, or what stands in their place, may do wrong.

#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "cartwise/rpc/status.hpp"
#include "cartwise/testing/status.hpp"
#include "http/test_gateway.hpp"
#include "http2/raw_service.hpp"

namespace cartwise::gateway {
namespace {

constexpr uint32_t kNoError = 0;

struct Fixture {
  RawService service;
  TestGateway gateway{{.grpc_services = service.port()}};
  std::unique_ptr<rental::v1::CartService::Stub> carts =
      rental::v1::CartService::NewStub(gateway.GrpcChannel());

  grpc::Status List() {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + gateway.StaffToken());
    rental::v1::ListCartsRequest request;
    request.set_branch_id(gateway.branch.value());
    rental::v1::ListCartsResponse response;
    return carts->ListCarts(&context, request, &response);
  }
};

/// A call under way, on a thread of its own.
class Calling {
 public:
  explicit Calling(Fixture& f) : thread_([this, &f] { status_ = f.List(); }) {}
  ~Calling() {
    if (thread_.joinable()) thread_.join();
  }
  grpc::Status End() {
    thread_.join();
    return status_;
  }

 private:
  grpc::Status status_;
  std::thread thread_;
};

TEST_CASE_METHOD(Fixture, "a service that is lost in mid-call is UNAVAILABLE, and reached anew") {
  Calling first(*this);
  auto peer = service.Accept();
  peer.Answer(peer.AwaitCall());
  REQUIRE(first.End().ok());

  Calling lost(*this);
  const uint32_t stream = peer.AwaitCall();
  REQUIRE(stream != 0);
  if (GENERATE(false, true)) {
    peer.Head(stream, {{":status", "200"}, {"content-type", "application/grpc"}});
    peer.AwaitRead();
  }
  peer.Close();
  const absl::Status end = rpc::FromGrpc(lost.End());
  CHECK(end.code() == absl::StatusCode::kUnavailable);
  CHECK_REFUSED(end, "OUTCOME_UNKNOWN");

  Calling next(*this);
  auto anew = service.Accept();
  anew.Answer(anew.AwaitCall());
  CHECK(next.End().ok());
}

TEST_CASE_METHOD(Fixture, "a stream whose service is lost ends, after what was said") {
  auto agents = device::v1::AgentService::NewStub(gateway.GrpcChannel());
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + gateway.DeviceToken());
  const auto stream = agents->Control(&context);
  auto peer = service.Accept();
  const uint32_t id = peer.AwaitCall();
  peer.Head(id, {{":status", "200"}, {"content-type", "application/grpc"}});
  peer.Message(id);
  device::v1::ControlResponse response;
  REQUIRE(stream->Read(&response));

  peer.Close();

  CHECK_FALSE(stream->Read(&response));
  CHECK(stream->Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE_METHOD(Fixture, "a service that leaves ends its calls, new ones go elsewhere") {
  Calling first(*this);
  auto leaving = service.Accept();
  leaving.Answer(leaving.AwaitCall());
  REQUIRE(first.End().ok());
  Calling old(*this);
  const uint32_t stream = leaving.AwaitCall();

  leaving.Send(http2::RawClient::kGoaway, 0, 0, http2::Number(stream) + http2::Number(kNoError));
  leaving.AwaitRead();

  Calling next(*this);
  auto other = service.Accept();
  other.Answer(other.AwaitCall());
  CHECK(next.End().ok());
  leaving.Answer(stream);
  CHECK(old.End().ok());
}

TEST_CASE_METHOD(Fixture, "a call that a leaving service did not take is UNAVAILABLE") {
  Calling call(*this);
  auto leaving = service.Accept();
  REQUIRE(leaving.AwaitCall() != 0);
  leaving.Send(http2::RawClient::kGoaway, 0, 0, http2::Number(0) + http2::Number(kNoError));
  CHECK(call.End().error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE_METHOD(Fixture, "a service that hangs up on everybody is not called on and on") {
  const bool settings = GENERATE(false, true);
  constexpr int kCalls = 100;
  std::atomic<int> connections = 0;
  std::atomic<bool> done = false;
  std::thread hanging([&] {
    for (; !done; ++connections) {
      if (!settings) {
        service.AcceptSilently();
        continue;
      }
      service.Accept().AwaitCall();
    }
  });

  for (int i = 0; i < kCalls; ++i) {
    CHECK(List().error_code() == grpc::StatusCode::UNAVAILABLE);
  }
  CHECK(connections > 0);
  CHECK(connections < kCalls);

  done = true;
  TestClient wakes(service.port());
  wakes.Close();
  hanging.join();
}

TEST_CASE_METHOD(Fixture, "an informational answer is no answer yet") {
  Calling call(*this);
  auto peer = service.Accept();
  const uint32_t stream = peer.AwaitCall();
  peer.Head(stream, {{":status", "103"}, {"link", "</>"}});
  peer.Answer(stream);
  CHECK(call.End().ok());
}

TEST_CASE_METHOD(Fixture, "a message that a service cannot read is the client's fault") {
  const bool by_service = GENERATE(false, true);
  Calling call(*this);
  auto peer = service.Accept();
  http2::Headers head = {
      {":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "13"}};
  if (by_service) head.emplace_back("x-trace-id", std::string(32, 'a'));

  peer.Head(peer.AwaitCall(), head, true);

  CHECK(call.End().error_code() ==
        (by_service ? grpc::StatusCode::INTERNAL : grpc::StatusCode::INVALID_ARGUMENT));
}

TEST_CASE_METHOD(Fixture, "an answer that is not gRPC's is told by its HTTP status") {
  const auto [http, code] = GENERATE(table<std::string, grpc::StatusCode>({
      {"400", grpc::StatusCode::INTERNAL},
      {"401", grpc::StatusCode::UNAUTHENTICATED},
      {"403", grpc::StatusCode::PERMISSION_DENIED},
      {"404", grpc::StatusCode::UNIMPLEMENTED},
      {"429", grpc::StatusCode::UNAVAILABLE},
      {"500", grpc::StatusCode::UNKNOWN},
      {"502", grpc::StatusCode::UNAVAILABLE},
      {"503", grpc::StatusCode::UNAVAILABLE},
      {"504", grpc::StatusCode::UNAVAILABLE},
      {"200", grpc::StatusCode::UNKNOWN},  // of a web page
  }));
  const bool last = GENERATE(false, true);
  CAPTURE(http, last);
  Calling call(*this);
  auto peer = service.Accept();
  const uint32_t stream = peer.AwaitCall();

  peer.Head(stream, {{":status", http}, {"content-type", "text/html"}}, last);

  // Whatever comes after such a head is not waited for.
  if (!last) CHECK(peer.Await(http2::RawClient::kRstStream));
  CHECK(call.End().error_code() == code);
}

TEST_CASE_METHOD(Fixture, "a status of gRPC counts more than that of HTTP") {
  Calling call(*this);
  auto peer = service.Accept();
  peer.Head(peer.AwaitCall(),
            {{":status", "503"}, {"content-type", "application/grpc"}, {"grpc-status", "5"}}, true);
  CHECK(call.End().error_code() == grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace cartwise::gateway
