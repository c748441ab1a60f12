#include "adapters/device_client.hpp"

#include <absl/time/clock.h>
#include <grpcpp/grpcpp.h>
#include <catch2/catch.hpp>

namespace cartwise::rental {
namespace {

using State = device::v1::Command::State;

// Takes an order, says what a test wants said of it, and ends so.
struct Speaker final : device::v1::CommandExecutionService::Service {
  std::vector<State> says;
  grpc::Status end;

  grpc::Status Execute(grpc::ServerContext*, const device::v1::ExecuteRequest* request,
                       grpc::ServerWriter<device::v1::Command>* out) override {
    for (const State state : says) {
      if (state == State::Command_State_SENT && !request->tell_when_proving()) continue;
      device::v1::Command command;
      command.set_state(state);
      out->Write(command);
    }
    return end;
  }
};

struct Server {
  Speaker service;
  int port = 0;
  std::unique_ptr<grpc::Server> server;

  Server() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service);
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    server = builder.BuildAndStart();
  }
  std::shared_ptr<grpc::Channel> Channel() const {
    return grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                               grpc::InsecureChannelCredentials());
  }
};

UnlockOrder SomeOrder() {
  UnlockOrder order;
  order.command = CommandId::New();
  order.lock = 1;
  return order;
}

TEST_CASE("an order for which there is no connection was never sent", "[devices]") {
  Server gone;
  const auto channel = gone.Channel();
  gone.server->Shutdown();
  gone.server.reset();
  DeviceClient devices(channel);

  const CommandOutcome outcome =
      devices.Unlock(SomeOrder(), absl::Now() + absl::Milliseconds(200), [] {});

  CHECK(outcome.state == CommandState::kDropped);
  CHECK(outcome.reason == "DEVICE_SVC_UNREACHABLE");
}

TEST_CASE("an order that was sent and not answered may have been done", "[devices]") {
  Server server;
  server.service.end = {grpc::StatusCode::UNAVAILABLE, "going away"};
  if (GENERATE(true, false)) server.service.says = {State::Command_State_SENT};
  DeviceClient devices(server.Channel());

  const CommandOutcome outcome =
      devices.Unlock(SomeOrder(), absl::Now() + absl::Seconds(10), [] {});

  CHECK(outcome.state == CommandState::kUnknown);
}

TEST_CASE("that an outcome is near is heard before it", "[devices]") {
  Server server;
  server.service.says = {State::Command_State_SENT, State::Command_State_FAILED};
  DeviceClient devices(server.Channel());
  int near = 0;

  const CommandOutcome outcome =
      devices.Unlock(SomeOrder(), absl::Now() + absl::Seconds(10), [&] { ++near; });

  CHECK(near == 1);
  CHECK(outcome.state == CommandState::kFailed);
}

TEST_CASE("who says no more than that an outcome is near has not told it", "[devices]") {
  Server server;
  if (GENERATE(true, false)) server.service.says = {State::Command_State_SENT};
  DeviceClient devices(server.Channel());

  const CommandOutcome outcome =
      devices.Unlock(SomeOrder(), absl::Now() + absl::Seconds(10), [] {});

  CHECK((outcome.state == CommandState::kSent || outcome.state == CommandState::kUnknown));
}

}  // namespace
}  // namespace cartwise::rental
