#include "api/chain_directory_rpc.hpp"

#include "cartwise/base/status_macros.hpp"
#include "domain/chains.hpp"

namespace cartwise::tenant {

grpc::Status ChainDirectoryRpc::ListChainRates(grpc::ServerContext* ctx,
                                               const v1::ListChainRatesRequest* req,
                                               v1::ListChainRatesResponse* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller&) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto page, ParsePage(req->page_size(), req->page_token(), 2));
    CW_ASSIGN_OR_RETURN(const auto list, ListChains(store, "", page));
    for (const Chain& chain : list.items) {
      auto& rate = *out->add_rates();
      rate.set_chain_id(chain.id.value());
      rate.set_requests_per_minute(LimitsOf(chain.plan).requests_per_minute);
    }
    out->set_next_page_token(list.next_page_token);
    return absl::OkStatus();
  });
}

}  // namespace cartwise::tenant
