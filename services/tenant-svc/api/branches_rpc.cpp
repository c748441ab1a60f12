#include "api/branches_rpc.hpp"

#include "api/translation.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/branches.hpp"

namespace cartwise::tenant {
namespace {

v1::Branch ToProto(const Branch& branch) {
  v1::Branch out;
  out.set_id(branch.id.value());
  out.set_chain_id(branch.chain.value());
  out.set_name(branch.name);
  out.set_branch_code(branch.branch_code);
  out.set_address(branch.address);
  out.set_city(branch.city);
  out.set_postal_code(branch.postal_code);
  if (branch.latitude) out.set_latitude(*branch.latitude);
  if (branch.longitude) out.set_longitude(*branch.longitude);
  out.set_time_zone(branch.time_zone);
  out.set_active(branch.active);
  *out.mutable_rental_term() = ToDuration(branch.rental_term);
  *out.mutable_created_at() = ToTimestamp(branch.created_at);
  *out.mutable_updated_at() = ToTimestamp(branch.updated_at);
  return out;
}

absl::StatusOr<Branch> FromProto(const v1::CreateBranchRequest& req) {
  Branch branch;
  CW_ASSIGN_OR_RETURN(branch.chain, ParseOptionalId<ChainId>("chain_id", req.chain_id()));
  branch.name = req.name();
  branch.branch_code = req.branch_code();
  branch.address = req.address();
  branch.city = req.city();
  branch.postal_code = req.postal_code();
  branch.latitude = If(req.has_latitude(), req.latitude());
  branch.longitude = If(req.has_longitude(), req.longitude());
  if (!req.time_zone().empty()) branch.time_zone = req.time_zone();
  if (req.has_rental_term()) {
    CW_ASSIGN_OR_RETURN(branch.rental_term, ParseDuration("rental_term", req.rental_term()));
  }
  return branch;
}

absl::StatusOr<BranchChange> FromProto(const v1::UpdateBranchRequest& req) {
  BranchChange change;
  change.name = If(req.has_name(), req.name());
  change.branch_code = If(req.has_branch_code(), req.branch_code());
  change.address = If(req.has_address(), req.address());
  change.city = If(req.has_city(), req.city());
  change.postal_code = If(req.has_postal_code(), req.postal_code());
  change.latitude = If(req.has_latitude(), req.latitude());
  change.longitude = If(req.has_longitude(), req.longitude());
  change.time_zone = If(req.has_time_zone(), req.time_zone());
  change.active = If(req.has_active(), req.active());
  if (req.has_rental_term()) {
    CW_ASSIGN_OR_RETURN(change.rental_term, ParseDuration("rental_term", req.rental_term()));
  }
  return change;
}

absl::StatusOr<BranchFilter> FromProto(const v1::ListBranchesRequest& req) {
  BranchFilter filter;
  CW_ASSIGN_OR_RETURN(filter.chain, ParseOptionalId<ChainId>("chain_id", req.chain_id()));
  filter.query = req.query();
  filter.active = If(req.has_active(), req.active());
  return filter;
}

}  // namespace

grpc::Status BranchesRpc::ListBranches(grpc::ServerContext* ctx, const v1::ListBranchesRequest* req,
                                       v1::ListBranchesResponse* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto page, ParsePage(req->page_size(), req->page_token(), 2));
    CW_ASSIGN_OR_RETURN(const BranchFilter filter, FromProto(*req));
    CW_ASSIGN_OR_RETURN(auto list, tenant::ListBranches(store, caller, filter, page));
    for (const Branch& branch : list.items) *out->add_branches() = ToProto(branch);
    out->set_next_page_token(list.next_page_token);
    return absl::OkStatus();
  });
}

grpc::Status BranchesRpc::GetBranch(grpc::ServerContext* ctx, const v1::GetBranchRequest* req,
                                    v1::Branch* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto id, ParseId<BranchId>("id", req->id()));
    CW_ASSIGN_OR_RETURN(const Branch branch,
                        FindBranchFor(store, caller, id, Role::kViewer, For::kReading));
    *out = ToProto(branch);
    return absl::OkStatus();
  });
}

grpc::Status BranchesRpc::CreateBranch(grpc::ServerContext* ctx, const v1::CreateBranchRequest* req,
                                       v1::Branch* out) {
  return announced_(guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const Branch want, FromProto(*req));
        CW_ASSIGN_OR_RETURN(const Branch branch,
                            tenant::CreateBranch(store, caller, want, clock_.Now()));
        *out = ToProto(branch);
        return absl::OkStatus();
      }));
}

grpc::Status BranchesRpc::UpdateBranch(grpc::ServerContext* ctx, const v1::UpdateBranchRequest* req,
                                       v1::Branch* out) {
  return announced_(guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<BranchId>("id", req->id()));
        CW_ASSIGN_OR_RETURN(const BranchChange change, FromProto(*req));
        CW_ASSIGN_OR_RETURN(const Branch branch,
                            tenant::UpdateBranch(store, caller, id, change, clock_.Now()));
        *out = ToProto(branch);
        return absl::OkStatus();
      }));
}

grpc::Status BranchesRpc::DeleteBranch(grpc::ServerContext* ctx, const v1::DeleteBranchRequest* req,
                                       google::protobuf::Empty* out) {
  return announced_(guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<BranchId>("id", req->id()));
        return tenant::DeleteBranch(store, caller, id, clock_.Now());
      }));
}

}  // namespace cartwise::tenant
