#include "api/chains_rpc.hpp"

#include "api/translation.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/chains.hpp"

namespace cartwise::tenant {
namespace {

v1::Chain::Plan ToProto(Plan plan) {
  switch (plan) {
    case Plan::kBasic:
      return v1::Chain::BASIC;
    case Plan::kProfessional:
      return v1::Chain::PROFESSIONAL;
    case Plan::kEnterprise:
      return v1::Chain::ENTERPRISE;
  }
  return v1::Chain::PLAN_UNSPECIFIED;
}

absl::StatusOr<Plan> FromProto(v1::Chain::Plan plan) {
  switch (plan) {
    case v1::Chain::BASIC:
      return Plan::kBasic;
    case v1::Chain::PROFESSIONAL:
      return Plan::kProfessional;
    case v1::Chain::ENTERPRISE:
      return Plan::kEnterprise;
    default:
      return errors::InvalidField("plan", "must be BASIC, PROFESSIONAL or ENTERPRISE");
  }
}

v1::PlanLimits ToProto(const PlanLimits& limits) {
  v1::PlanLimits out;
  out.set_devices(limits.devices);
  out.set_users(limits.users);
  out.set_requests_per_minute(limits.requests_per_minute);
  return out;
}

v1::Chain ToProto(const Chain& chain) {
  v1::Chain out;
  out.set_id(chain.id.value());
  out.set_name(chain.name);
  out.set_slug(chain.slug);
  out.set_description(chain.description);
  out.set_contact_email(chain.contact_email);
  out.set_contact_phone(chain.contact_phone);
  out.set_plan(ToProto(chain.plan));
  out.set_active(chain.active);
  *out.mutable_created_at() = ToTimestamp(chain.created_at);
  *out.mutable_updated_at() = ToTimestamp(chain.updated_at);
  *out.mutable_limits() = ToProto(LimitsOf(chain.plan));
  if (chain.trial_ends_at) *out.mutable_trial_ends_at() = ToTimestamp(*chain.trial_ends_at);
  out.mutable_feature_flags()->Add(chain.feature_flags.begin(), chain.feature_flags.end());
  return out;
}

absl::StatusOr<Chain> FromProto(const v1::CreateChainRequest& req) {
  Chain chain;
  chain.name = req.name();
  chain.slug = req.slug();
  chain.description = req.description();
  chain.contact_email = req.contact_email();
  chain.contact_phone = req.contact_phone();
  if (req.plan() != v1::Chain::PLAN_UNSPECIFIED) {
    CW_ASSIGN_OR_RETURN(chain.plan, FromProto(req.plan()));
  }
  chain.trial_ends_at = If(req.has_trial_ends_at(), FromTimestamp(req.trial_ends_at()));
  chain.feature_flags = {req.feature_flags().begin(), req.feature_flags().end()};
  return chain;
}

absl::StatusOr<ChainChange> FromProto(const v1::UpdateChainRequest& req) {
  ChainChange change;
  change.name = If(req.has_name(), req.name());
  change.slug = If(req.has_slug(), req.slug());
  change.description = If(req.has_description(), req.description());
  change.contact_email = If(req.has_contact_email(), req.contact_email());
  change.contact_phone = If(req.has_contact_phone(), req.contact_phone());
  change.active = If(req.has_active(), req.active());
  if (req.has_plan()) {
    CW_ASSIGN_OR_RETURN(change.plan, FromProto(req.plan()));
  }
  change.trial_ends_at = If(req.has_trial_ends_at(), FromTimestamp(req.trial_ends_at()));
  change.no_trial = req.no_trial();
  change.feature_flags = {req.feature_flags().begin(), req.feature_flags().end()};
  change.no_feature_flags = req.no_feature_flags();
  return change;
}

}  // namespace

grpc::Status ChainsRpc::ListChains(grpc::ServerContext* ctx, const v1::ListChainsRequest* req,
                                   v1::ListChainsResponse* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller&) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto page, ParsePage(req->page_size(), req->page_token(), 2));
    CW_ASSIGN_OR_RETURN(auto list, tenant::ListChains(store, req->query(), page));
    for (const Chain& chain : list.items) *out->add_chains() = ToProto(chain);
    out->set_next_page_token(list.next_page_token);
    return absl::OkStatus();
  });
}

grpc::Status ChainsRpc::GetChain(grpc::ServerContext* ctx, const v1::GetChainRequest* req,
                                 v1::Chain* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller&) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto id, ParseId<ChainId>("id", req->id()));
    CW_ASSIGN_OR_RETURN(const Chain chain, tenant::GetChain(store, id));
    *out = ToProto(chain);
    return absl::OkStatus();
  });
}

grpc::Status ChainsRpc::CreateChain(grpc::ServerContext* ctx, const v1::CreateChainRequest* req,
                                    v1::Chain* out) {
  return announced_(guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const Chain want, FromProto(*req));
        CW_ASSIGN_OR_RETURN(const Chain chain,
                            tenant::CreateChain(store, caller, want, clock_.Now()));
        *out = ToProto(chain);
        return absl::OkStatus();
      }));
}

grpc::Status ChainsRpc::UpdateChain(grpc::ServerContext* ctx, const v1::UpdateChainRequest* req,
                                    v1::Chain* out) {
  return announced_(guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<ChainId>("id", req->id()));
        CW_ASSIGN_OR_RETURN(const ChainChange change, FromProto(*req));
        CW_ASSIGN_OR_RETURN(const Chain chain,
                            tenant::UpdateChain(store, caller, id, change, clock_.Now()));
        *out = ToProto(chain);
        return absl::OkStatus();
      }));
}

grpc::Status ChainsRpc::DeleteChain(grpc::ServerContext* ctx, const v1::DeleteChainRequest* req,
                                    google::protobuf::Empty* out) {
  return announced_(guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<ChainId>("id", req->id()));
        return tenant::DeleteChain(store, caller, id, clock_.Now());
      }));
}

}  // namespace cartwise::tenant
