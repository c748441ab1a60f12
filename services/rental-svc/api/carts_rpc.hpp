#pragma once

#include <functional>

#include "cartwise/rental/v1/carts.grpc.pb.h"
#include "cartwise/rpc/announcer.hpp"
#include "cartwise/rpc/guard.hpp"
#include "domain/carts.hpp"
#include "domain/staff_unlock.hpp"

namespace cartwise::rental {

/// CartService: translates, nothing else.
class CartsRpc final : public v1::CartService::Service {
 public:
  CartsRpc(rpc::Guard& guard, RentalDatabase& database, StaffUnlocks& unlocks,
           std::function<void()> announced)
      : guard_(guard), database_(database), unlocks_(unlocks), announced_(std::move(announced)) {}

  grpc::Status ListCarts(grpc::ServerContext* ctx, const v1::ListCartsRequest* req,
                         v1::ListCartsResponse* out) override;
  grpc::Status CreateCarts(grpc::ServerContext* ctx, const v1::CreateCartsRequest* req,
                           v1::CreateCartsResponse* out) override;
  grpc::Status GetCart(grpc::ServerContext* ctx, const v1::GetCartRequest* req,
                       v1::Cart* out) override;
  grpc::Status UpdateCart(grpc::ServerContext* ctx, const v1::UpdateCartRequest* req,
                          v1::Cart* out) override;
  grpc::Status DeleteCart(grpc::ServerContext* ctx, const v1::DeleteCartRequest* req,
                          google::protobuf::Empty* out) override;
  grpc::Status UnlockCart(grpc::ServerContext* ctx, const v1::UnlockCartRequest* req,
                          v1::UnlockCartResponse* out) override;

 private:
  rpc::Guard& guard_;
  RentalDatabase& database_;
  StaffUnlocks& unlocks_;
  const rpc::Announcer announced_;
};

}  // namespace cartwise::rental
