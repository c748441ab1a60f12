#include "limits/chain_rates.hpp"

#include <utility>

#include <absl/time/clock.h>

#include "cartwise/rpc/server.hpp"
#include "cartwise/rpc/status.hpp"
#include "cartwise/tenant/v1/chains.grpc.pb.h"

namespace cartwise::gateway {
namespace {

namespace v1 = tenant::v1;

constexpr int kLargestPlan = 10'000;
constexpr absl::Duration kPatience = absl::Seconds(5);
constexpr int kPage = 200;

}  // namespace

int ChainRates::Of(const std::string& chain) const {
  std::lock_guard lock(mutex_);
  const auto found = per_minute_.find(chain);
  return found == per_minute_.end() ? kLargestPlan : found->second;
}

absl::Status ChainRates::Refresh() {
  const auto stub = v1::ChainDirectoryService::NewStub(tenant_);
  absl::flat_hash_map<std::string, int> told;
  v1::ListChainRatesRequest request;
  request.set_page_size(kPage);
  do {
    grpc::ClientContext context;
    rpc::Prepare(context, absl::Now() + kPatience, "");
    v1::ListChainRatesResponse answer;
    const grpc::Status done = stub->ListChainRates(&context, request, &answer);
    if (!done.ok()) return rpc::FromGrpc(done);
    for (const auto& each : answer.rates()) told[each.chain_id()] = each.requests_per_minute();
    request.set_page_token(answer.next_page_token());
  } while (!request.page_token().empty());
  std::lock_guard lock(mutex_);
  per_minute_ = std::move(told);
  return absl::OkStatus();
}

}  // namespace cartwise::gateway
