#pragma once

#include <functional>

#include <absl/functional/function_ref.h>

#include "cartwise/rental/v1/rentals.grpc.pb.h"
#include "cartwise/rpc/guard.hpp"
#include "domain/assign.hpp"
#include "domain/rentals.hpp"

namespace cartwise::rental {

/// RentalService: translates, nothing else.
class RentalsRpc final : public v1::RentalService::Service {
 public:
  struct Parts {
    rpc::Guard& guard;
    RentalDatabase& database;
    Assignment& assignment;
    const PhoneVault& vault;
    const Clock& clock;
    std::function<void()> announced;
  };
  explicit RentalsRpc(Parts parts) : parts_(std::move(parts)) {}

  grpc::Status AssignCart(grpc::ServerContext* ctx, const v1::AssignCartRequest* req,
                          v1::Rental* out) override;
  grpc::Status ReturnCart(grpc::ServerContext* ctx, const v1::ReturnCartRequest* req,
                          v1::Rental* out) override;
  grpc::Status ListActiveRentals(grpc::ServerContext* ctx, const v1::ListActiveRentalsRequest* req,
                                 v1::ListActiveRentalsResponse* out) override;
  grpc::Status ListRentalHistory(grpc::ServerContext* ctx, const v1::ListRentalHistoryRequest* req,
                                 v1::ListRentalHistoryResponse* out) override;
  grpc::Status GetRentalStats(grpc::ServerContext* ctx, const v1::GetRentalStatsRequest* req,
                              v1::RentalStats* out) override;
  grpc::Status GetBranchStats(grpc::ServerContext* ctx, const v1::GetBranchStatsRequest* req,
                              v1::BranchStats* out) override;
  grpc::Status GetRental(grpc::ServerContext* ctx, const v1::GetRentalRequest* req,
                         v1::Rental* out) override;
  grpc::Status ForceCompleteRental(grpc::ServerContext* ctx,
                                   const v1::ForceCompleteRentalRequest* req,
                                   v1::Rental* out) override;
  grpc::Status ListMyRentals(grpc::ServerContext* ctx, const v1::ListMyRentalsRequest* req,
                             v1::ListMyRentalsResponse* out) override;

 private:
  using Body = absl::FunctionRef<absl::Status(const Caller&)>;
  using Ending = absl::FunctionRef<absl::StatusOr<Rental>(Store&)>;

  // A write under an Idempotency-Key, with announcements after it.
  grpc::Status CallOnce(grpc::ServerContext* ctx, const google::protobuf::Message& req,
                        google::protobuf::Message& out, Body body) const;
  v1::Rental Shown(const Caller& caller, const Rental& rental) const;
  // Ends a rental once per Idempotency-Key. The answer kept for a repeat has no
  // phone: a repeat reads it from the rental.
  absl::Status EndOnce(const Caller& caller, v1::Rental* out, Ending end) const;

  const Parts parts_;
};

}  // namespace cartwise::rental
