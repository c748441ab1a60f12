#include "cartwise/rental/v1/carts.grpc.pb.h"
#include "connect.hpp"
#include "harness/rack.hpp"
#include "load.hpp"
#include "sections.hpp"

namespace cartwise::bench {
namespace {

constexpr int kWorkers = 8;

}  // namespace

// The same 40 carts, the same clients' cores: once as JSON through the gateway,
// once as gRPC straight from rental-svc.
std::vector<Figure> RestList(fleet::Fleet& fleet, const Effort& effort) {
  fleet::Chain chain(fleet);
  fleet::Rack rack(fleet, chain, {.boards = 3, .carts = 40, .poll_interval_ms = 1000});
  const std::string path = rack.Path("/carts");
  const std::string token = "Bearer " + chain.owner->token();
  const std::string branch = rack.branch_id();

  const auto rest = [&](int) {
    auto client = std::make_shared<fleet::Rest>(chain.owner->Twin());
    return [client, path] { return client->Get(path).ok(); };
  };
  const auto grpc = [&](int) {
    std::shared_ptr<rental::v1::CartService::Stub> stub = rental::v1::CartService::NewStub(
        ChannelTo(fleet, "rental-svc", "rental-svc", "gateway-svc"));
    return [stub, branch, token] {
      grpc::ClientContext context;
      context.AddMetadata("authorization", token);
      rental::v1::ListCartsRequest request;
      request.set_branch_id(branch);
      rental::v1::ListCartsResponse answer;
      return stub->ListCarts(&context, request, &answer).ok() && answer.carts_size() == 40;
    };
  };

  // Interleaved, so that a slow moment of the machine meets both.
  double ours = 0, floor = 0;
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds; ++round) {
    floor += OperationsPerSecond(kWorkers, effort.seconds, grpc) / kRounds;
    ours += OperationsPerSecond(kWorkers, effort.seconds, rest) / kRounds;
  }
  return {{.name = "rest_list_vs_grpc",
           .unit = "calls/s",
           .ours = ours,
           .floor = floor,
           .goal = 0.5,
           .kind = Figure::Goal::kRatioAtLeast,
           .remark = "40 carts; floor: gRPC straight to rental-svc"}};
}

}  // namespace cartwise::bench
