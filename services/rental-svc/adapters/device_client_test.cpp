#include "adapters/device_client.hpp"

#include <absl/time/clock.h>
#include <grpcpp/grpcpp.h>
#include <catch2/catch.hpp>

namespace cartwise::rental {
namespace {

// Takes an order and ends without a word about it.
class Speechless final : public device::v1::CommandExecutionService::Service {
  grpc::Status Execute(grpc::ServerContext*, const device::v1::ExecuteRequest*,
                       device::v1::Command*) override {
    return {grpc::StatusCode::UNAVAILABLE, "going away"};
  }
};

struct Server {
  Speechless service;
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

  const CommandOutcome outcome = devices.Unlock(SomeOrder(), absl::Now() + absl::Milliseconds(200));

  CHECK(outcome.state == CommandState::kDropped);
  CHECK(outcome.reason == "DEVICE_SVC_UNREACHABLE");
}

TEST_CASE("an order that was sent and not answered may have been done", "[devices]") {
  const Server server;
  DeviceClient devices(server.Channel());

  const CommandOutcome outcome = devices.Unlock(SomeOrder(), absl::Now() + absl::Seconds(10));

  CHECK(outcome.state == CommandState::kUnknown);
}

}  // namespace
}  // namespace cartwise::rental
