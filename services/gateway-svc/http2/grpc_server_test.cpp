#include "http2/grpc_server.hpp"

#include <thread>

#include <catch2/catch.hpp>

#include "cartwise/device/v1/commands.grpc.pb.h"
#include "cartwise/rpc/status.hpp"
#include "cartwise/tenant/v1/auth.grpc.pb.h"
#include "cartwise/testing/clock_fake.hpp"
#include "cartwise/testing/status.hpp"
#include "http/test_gateway.hpp"

namespace cartwise::gateway {
namespace {

using device::v1::ControlRequest;
using device::v1::ControlResponse;

struct Fixture {
  TestGateway gateway;
  std::unique_ptr<rental::v1::CartService::Stub> carts =
      rental::v1::CartService::NewStub(gateway.GrpcChannel());
  std::unique_ptr<device::v1::AgentService::Stub> agents =
      device::v1::AgentService::NewStub(gateway.GrpcChannel());
  grpc::ClientContext context;

  void SignIn(const std::string& token) { context.AddMetadata("authorization", "Bearer " + token); }
  grpc::Status List(int carts_wanted, rental::v1::ListCartsResponse* out) {
    rental::v1::ListCartsRequest request;
    request.set_branch_id(gateway.branch.value());
    request.set_page_size(carts_wanted);
    return carts->ListCarts(&context, request, out);
  }
};

std::string ReasonOf(const grpc::Status& status) {
  return errors::Reason(rpc::FromGrpc(status));
}

ControlRequest Heartbeat(int64_t clock) {
  ControlRequest request;
  request.mutable_heartbeat()->set_boot_clock_ms(clock);
  return request;
}

TEST_CASE_METHOD(Fixture, "a unary call passes with its trailing metadata") {
  SignIn(gateway.StaffToken());
  context.AddMetadata("x-secret", "1");
  rental::v1::ListCartsResponse response;
  const grpc::Status status = List(40, &response);
  INFO(status.error_message());
  REQUIRE(status.ok());
  CHECK(response.carts_size() == 40);
  CHECK(context.GetServerTrailingMetadata().find("x-probe")->second == "seen");
  CHECK(gateway.carts.metadata.find("x-forwarded-for")->second == "127.0.0.1");
  CHECK(gateway.carts.metadata.count("traceparent") == 1);
  CHECK(gateway.carts.metadata.count("x-secret") == 0);
}

TEST_CASE_METHOD(Fixture, "a refusal passes with its details") {
  SignIn(gateway.StaffToken());
  gateway.carts.answer = errors::WithDetail(
      errors::Refuse(absl::StatusCode::kUnavailable, "UNLOCK_UNCONFIRMED", "look"), "rental_id",
      "r1");
  rental::v1::ListCartsResponse response;
  const absl::Status status = rpc::FromGrpc(List(0, &response));
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK_REFUSED(status, "UNLOCK_UNCONFIRMED");
  CHECK(errors::Details(status).at(0).second == "r1");
}

TEST_CASE_METHOD(Fixture, "a message that is too large is told by its code") {
  SignIn(gateway.StaffToken());
  rental::v1::ListCartsRequest request;
  request.set_page_token(std::string(2 * 1024 * 1024, 'x'));
  rental::v1::ListCartsResponse response;

  CHECK(ReasonOf(carts->ListCarts(&context, request, &response)) == "BODY_TOO_LARGE");
  CHECK(gateway.carts.metadata.empty());
}

TEST_CASE_METHOD(Fixture, "who may not call is refused over gRPC too") {
  const auto [kind, reason] = GENERATE(table<std::string, std::string>(
      {{"none", "SIGN_IN_REQUIRED"}, {"nonsense", "BAD_TOKEN"}, {"device", "NOT_ALLOWED"}}));
  if (kind != "none") SignIn(kind == "device" ? gateway.DeviceToken() : kind);
  rental::v1::ListCartsResponse response;
  CHECK(ReasonOf(List(1, &response)) == reason);
  CHECK(gateway.carts.metadata.empty());
}

TEST_CASE("a caller who asks too often is refused over gRPC and REST alike") {
  testing::FakeClock clock;
  TestGateway gateway({.rates = {.principal = 2}, .clock = &clock});
  auto carts = rental::v1::CartService::NewStub(gateway.GrpcChannel());
  const std::string token = gateway.StaffToken();
  rental::v1::ListCartsRequest request;
  request.set_branch_id(gateway.branch.value());
  rental::v1::ListCartsResponse response;
  grpc::ClientContext first;
  first.AddMetadata("authorization", "Bearer " + token);
  REQUIRE(carts->ListCarts(&first, request, &response).ok());
  CHECK(first.GetServerInitialMetadata().find("ratelimit")->second ==
        R"("principal";r=1;t=30, "chain";r=9999;t=1)");

  const std::string get = "GET /api/branches/" + gateway.branch.value() +
                          "/carts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token +
                          "\r\n\r\n";
  TestClient rest(gateway.http_port());
  CHECK(rest.Send(get).result_int() == 200);
  CHECK(rest.Send(get).result_int() == 429);

  gateway.carts.metadata.clear();
  grpc::ClientContext second;
  second.AddMetadata("authorization", "Bearer " + token);
  const grpc::Status refused = carts->ListCarts(&second, request, &response);
  CHECK(refused.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(ReasonOf(refused) == "RATE_LIMITED");
  CHECK(second.GetServerInitialMetadata().find("retry-after")->second == "30");
  CHECK(gateway.carts.metadata.empty());
}

TEST_CASE("bad tokens draw on the address that brings them over gRPC too") {
  testing::FakeClock clock;
  TestGateway gateway({.rates = {.address = 1}, .clock = &clock});
  auto carts = rental::v1::CartService::NewStub(gateway.GrpcChannel());
  const auto reason = [&](const std::string& token) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + token);
    rental::v1::ListCartsRequest request;
    request.set_branch_id(gateway.branch.value());
    rental::v1::ListCartsResponse response;
    return ReasonOf(carts->ListCarts(&context, request, &response));
  };
  CHECK(reason("guess") == "BAD_TOKEN");
  CHECK(reason("guess-2") == "RATE_LIMITED");
  CHECK(reason(gateway.StaffToken()).empty());
}

TEST_CASE("a device's stream draws on its own bucket, its messages on none") {
  testing::FakeClock clock;
  TestGateway gateway({.rates = {.principal = 1, .chain = 1}, .clock = &clock});
  auto agents = device::v1::AgentService::NewStub(gateway.GrpcChannel());
  const std::string token = gateway.DeviceToken();
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + token);
  auto stream = agents->Control(&context);
  ControlResponse response;
  for (int i = 1; i <= 20; ++i) {
    REQUIRE(stream->Write(Heartbeat(i)));
    REQUIRE(stream->Read(&response));
  }
  grpc::ClientContext again;
  again.AddMetadata("authorization", "Bearer " + token);
  auto refused = agents->Control(&again);
  CHECK_FALSE(refused->Read(&response));
  CHECK(ReasonOf(refused->Finish()) == "RATE_LIMITED");
  grpc::ClientContext other;
  other.AddMetadata("authorization", "Bearer " + gateway.DeviceToken());
  auto welcome = agents->Control(&other);
  REQUIRE(welcome->Write(Heartbeat(1)));
  CHECK(welcome->Read(&response));
  stream->WritesDone();
  welcome->WritesDone();
  stream->Finish();
  welcome->Finish();
}

TEST_CASE_METHOD(Fixture, "internal and unknown methods are not there") {
  SignIn(gateway.StaffToken());
  auto internal = device::v1::CommandExecutionService::NewStub(gateway.GrpcChannel());
  device::v1::Command command;
  const grpc::Status status = internal->LookUpCommand(&context, {}, &command);
  CHECK(status.error_code() == grpc::StatusCode::UNIMPLEMENTED);
  CHECK(ReasonOf(status) == "METHOD_NOT_FOUND");
}

TEST_CASE_METHOD(Fixture, "a cancelled unary call is cancelled at the service") {
  SignIn(gateway.StaffToken());
  gateway.carts.until_cancelled = true;
  absl::Notification done;
  grpc::Status status;
  rental::v1::ListCartsRequest request;
  rental::v1::ListCartsResponse response;
  carts->async()->ListCarts(&context, &request, &response, [&](grpc::Status s) {
    status = std::move(s);
    done.Notify();
  });
  gateway.carts.entered.WaitForNotification();
  context.TryCancel();
  gateway.carts.cancelled.WaitForNotification();
  done.WaitForNotification();
  CHECK(status.error_code() == grpc::StatusCode::CANCELLED);
}

TEST_CASE_METHOD(Fixture, "a service that is away is UNAVAILABLE without its address") {
  SignIn(gateway.StaffToken());
  gateway.StopServices();
  rental::v1::ListCartsResponse response;
  const grpc::Status status = List(1, &response);
  CHECK(status.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(status.error_message().find("127.0.0.1") == std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a stream passes message by message, and half closes") {
  SignIn(gateway.DeviceToken());
  auto stream = agents->Control(&context);
  ControlRequest hello;
  hello.mutable_hello()->set_agent_epoch("e");
  ControlResponse response;
  REQUIRE(stream->Write(hello));
  REQUIRE(stream->Read(&response));
  CHECK(response.welcome().device_id() == "d");
  for (int i = 1; i <= 500; ++i) {
    REQUIRE(stream->Write(Heartbeat(i)));
    REQUIRE(stream->Read(&response));
    REQUIRE(response.events_committed() == i);
  }
  CHECK(stream->WritesDone());
  CHECK_FALSE(stream->Read(&response));
  CHECK(stream->Finish().ok());
  CHECK(context.GetServerTrailingMetadata().find("x-count")->second == "501");
}

TEST_CASE_METHOD(Fixture, "both ends of a stream may talk at once") {
  SignIn(gateway.DeviceToken());
  auto stream = agents->Control(&context);
  // More than the windows of all hops hold: the reader must drive the writer.
  constexpr int kMessages = 20'000;
  std::thread writer([&] {
    for (int i = 1; i <= kMessages; ++i) stream->Write(Heartbeat(i));
    stream->WritesDone();
  });
  ControlResponse response;
  int count = 0;
  while (stream->Read(&response)) {
    ++count;
    CHECK(response.events_committed() == count);
  }
  writer.join();
  CHECK(stream->Finish().ok());
  CHECK(count == kMessages);
}

TEST_CASE_METHOD(Fixture, "a service ends a stream with a status of its own") {
  SignIn(gateway.DeviceToken());
  auto stream = agents->Control(&context);
  ControlRequest result;
  result.mutable_result()->set_command_id("c");
  REQUIRE(stream->Write(result));
  ControlResponse response;
  CHECK_FALSE(stream->Read(&response));
  const grpc::Status status = stream->Finish();
  CHECK(status.error_code() == grpc::StatusCode::ABORTED);
  CHECK(ReasonOf(status) == "REPLACED");
}

TEST_CASE_METHOD(Fixture, "a cancelled stream is cancelled at the service, not half closed") {
  SignIn(gateway.DeviceToken());
  auto stream = agents->Control(&context);
  ControlResponse response;
  REQUIRE(stream->Write(Heartbeat(1)));
  REQUIRE(stream->Read(&response));
  context.TryCancel();
  CHECK(stream->Finish().error_code() == grpc::StatusCode::CANCELLED);
  gateway.agents.cancelled.WaitForNotification();
}

TEST_CASE_METHOD(Fixture, "a deadline goes along and ends a stream") {
  ControlResponse response;
  // A slow machine may not get through to the service in the first of these times.
  for (auto patience = std::chrono::milliseconds(100);; patience *= 2) {
    grpc::ClientContext hurried;
    hurried.AddMetadata("authorization", "Bearer " + gateway.DeviceToken());
    hurried.set_deadline(std::chrono::system_clock::now() + patience);
    auto stream = agents->Control(&hurried);
    const bool through = stream->Write(Heartbeat(1)) && stream->Read(&response);
    CHECK_FALSE(stream->Read(&response));
    REQUIRE(stream->Finish().error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
    if (through) break;
  }
  gateway.agents.cancelled.WaitForNotification();
}

TEST_CASE_METHOD(Fixture, "a stream of a service that is away ends at once") {
  SignIn(gateway.DeviceToken());
  gateway.StopServices();
  auto stream = agents->Control(&context);
  ControlResponse response;
  CHECK_FALSE(stream->Read(&response));
  CHECK(stream->Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE_METHOD(Fixture, "staff has no stream of a device") {
  SignIn(gateway.StaffToken());
  auto stream = agents->Control(&context);
  ControlResponse response;
  CHECK_FALSE(stream->Read(&response));
  CHECK(ReasonOf(stream->Finish()) == "NOT_ALLOWED");
}

}  // namespace
}  // namespace cartwise::gateway
