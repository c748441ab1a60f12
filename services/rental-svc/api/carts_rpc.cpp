#include "api/carts_rpc.hpp"

#include "api/translation.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/base/page.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::rental {
namespace {

absl::StatusOr<PageRequest> ParseCartPage(const v1::ListCartsRequest& req) {
  CW_ASSIGN_OR_RETURN(PageRequest page, ParsePage(req.page_size(), req.page_token(), 1));
  const bool digits =
      page.after.empty() || (page.after[0].size() <= 6 &&
                             page.after[0].find_first_not_of("0123456789") == std::string::npos);
  if (!digits) return BadPageToken();
  return page;
}

absl::StatusOr<NewCarts> FromProto(const v1::CreateCartsRequest& req) {
  NewCarts want;
  CW_ASSIGN_OR_RETURN(want.branch, ParseId<BranchId>("branch_id", req.branch_id()));
  CW_ASSIGN_OR_RETURN(want.controller, ParseId<ControllerId>("controller_id", req.controller_id()));
  want.cart_number = req.cart_number();
  want.locker_id = req.locker_id();
  want.count = req.count() == 0 ? 1 : req.count();
  return want;
}

absl::StatusOr<CartChange> FromProto(const v1::UpdateCartRequest& req) {
  CartChange change;
  CW_ASSIGN_OR_RETURN(change.branch, ParseId<BranchId>("branch_id", req.branch_id()));
  CW_ASSIGN_OR_RETURN(change.id, ParseId<CartId>("id", req.id()));
  change.cart_number = If<int>(req.has_cart_number(), req.cart_number());
  if (req.has_controller_id()) {
    CW_ASSIGN_OR_RETURN(change.controller,
                        ParseId<ControllerId>("controller_id", req.controller_id()));
  }
  change.locker_id = If<int>(req.has_locker_id(), req.locker_id());
  if (req.has_status()) {
    change.status = rental::FromProto(req.status());
    if (!change.status) return errors::InvalidField("status", "must be AVAILABLE or MAINTENANCE");
  }
  change.maintenance_notes = If(req.has_maintenance_notes(), req.maintenance_notes());
  return change;
}

}  // namespace

grpc::Status CartsRpc::ListCarts(grpc::ServerContext* ctx, const v1::ListCartsRequest* req,
                                 v1::ListCartsResponse* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller&) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto id, ParseId<BranchId>("branch_id", req->branch_id()));
    CW_ASSIGN_OR_RETURN(const PageRequest page, ParseCartPage(*req));
    CW_ASSIGN_OR_RETURN(const Branch branch, store.FindBranch(id));
    CW_ASSIGN_OR_RETURN(auto carts,
                        store.ListCarts(branch, rental::FromProto(req->status()), page));
    out->set_next_page_token(CutPage(carts, page, [](const Cart& last) {
      return std::vector<std::string>{std::to_string(last.cart_number)};
    }));
    for (const Cart& cart : carts) *out->add_carts() = ToProto(cart);
    return absl::OkStatus();
  });
}

grpc::Status CartsRpc::CreateCarts(grpc::ServerContext* ctx, const v1::CreateCartsRequest* req,
                                   v1::CreateCartsResponse* out) {
  return announced_(guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const NewCarts want, FromProto(*req));
        CW_ASSIGN_OR_RETURN(const auto carts, rental::CreateCarts(store, caller, want));
        for (const Cart& cart : carts) *out->add_carts() = ToProto(cart);
        return absl::OkStatus();
      }));
}

grpc::Status CartsRpc::GetCart(grpc::ServerContext* ctx, const v1::GetCartRequest* req,
                               v1::Cart* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller&) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto branch_id, ParseId<BranchId>("branch_id", req->branch_id()));
    CW_ASSIGN_OR_RETURN(const auto id, ParseId<CartId>("id", req->id()));
    CW_ASSIGN_OR_RETURN(const Branch branch, store.FindBranch(branch_id));
    CW_ASSIGN_OR_RETURN(const Cart cart, store.FindCart(branch, id));
    *out = ToProto(cart);
    return absl::OkStatus();
  });
}

grpc::Status CartsRpc::UpdateCart(grpc::ServerContext* ctx, const v1::UpdateCartRequest* req,
                                  v1::Cart* out) {
  return announced_(guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const CartChange change, FromProto(*req));
        CW_ASSIGN_OR_RETURN(const Cart cart, rental::UpdateCart(store, caller, change));
        *out = ToProto(cart);
        return absl::OkStatus();
      }));
}

grpc::Status CartsRpc::DeleteCart(grpc::ServerContext* ctx, const v1::DeleteCartRequest* req,
                                  google::protobuf::Empty* out) {
  return announced_(guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto branch, ParseId<BranchId>("branch_id", req->branch_id()));
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<CartId>("id", req->id()));
        return rental::DeleteCart(store, caller, branch, id);
      }));
}

grpc::Status CartsRpc::UnlockCart(grpc::ServerContext* ctx, const v1::UnlockCartRequest* req,
                                  v1::UnlockCartResponse* out) {
  return guard_.CallOnce(ctx, *req, *out, [&](const Caller& caller) -> absl::Status {
    StaffUnlock want;
    CW_ASSIGN_OR_RETURN(want.branch, ParseId<BranchId>("branch_id", req->branch_id()));
    CW_ASSIGN_OR_RETURN(want.cart, ParseId<CartId>("id", req->id()));
    want.command = rpc::CommandFor(caller);
    want.reason = req->reason();
    CW_ASSIGN_OR_RETURN(const Cart cart, unlocks_.Open(caller, want));
    *out->mutable_cart() = ToProto(cart);
    out->set_command_id(want.command.value());
    return absl::OkStatus();
  });
}

}  // namespace cartwise::rental
