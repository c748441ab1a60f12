#include "api/rentals_rpc.hpp"

#include "api/keyed_once.hpp"
#include "api/translation.hpp"
#include "cartwise/base/page.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "cartwise/phone/mobile.hpp"

namespace cartwise::rental {
namespace {

constexpr absl::Duration kUsualSpan = absl::Hours(24 * 30);

// Lists of rentals page by start_time and id.
absl::StatusOr<PageRequest> ParseRentalPage(int size, const std::string& token) {
  CW_ASSIGN_OR_RETURN(PageRequest page, ParsePage(size, token, 2));
  if (!page.after.empty() && (!ParseRfc3339(page.after[0]).ok() || !IsUuid(page.after[1]))) {
    return BadPageToken();
  }
  return page;
}

std::string NextPage(std::vector<Rental>& rentals, const PageRequest& page) {
  return CutPage(rentals, page, [](const Rental& last) {
    return std::vector<std::string>{ToRfc3339(last.start_time), last.id.value()};
  });
}

absl::StatusOr<HistoryFilter> FilterOf(const v1::ListRentalHistoryRequest& req,
                                       const Caller& caller, const PhoneVault& vault) {
  HistoryFilter filter;
  CW_ASSIGN_OR_RETURN(filter.branch, ParseId<BranchId>("branch_id", req.branch_id()));
  CW_ASSIGN_OR_RETURN(filter.cart, ParseOptionalId<CartId>("cart_id", req.cart_id()));
  filter.status = FromProto(req.status());
  if (!req.user_phone().empty()) {
    CW_RETURN_IF_ERROR(CheckMaySeePhones(caller, filter.branch));
    CW_ASSIGN_OR_RETURN(const std::string phone,
                        phone::ParseMobile("user_phone", req.user_phone()));
    filter.phone_hashes = vault.Hashes(phone);
  }
  if (req.has_from()) filter.from = FromTimestamp(req.from());
  if (req.has_until()) filter.until = FromTimestamp(req.until());
  return filter;
}

absl::StatusOr<ReturnByHand> FromProto(const v1::ReturnCartRequest& req) {
  ReturnByHand want;
  CW_ASSIGN_OR_RETURN(want.branch, ParseId<BranchId>("branch_id", req.branch_id()));
  CW_ASSIGN_OR_RETURN(want.id, ParseOptionalId<RentalId>("rental_id", req.rental_id()));
  want.cart_number = req.cart_number();
  want.phone = req.user_phone();
  want.reason = req.reason();
  return want;
}

}  // namespace

v1::Rental RentalsRpc::Shown(const Caller& caller, const Rental& rental) const {
  return ToProto(rental, ShownPhone(caller, parts_.vault, rental));
}

grpc::Status RentalsRpc::CallOnce(grpc::ServerContext* ctx, const google::protobuf::Message& req,
                                  google::protobuf::Message& out, Body body) const {
  const grpc::Status done = parts_.guard.CallOnce(ctx, req, out, [&](const Caller& caller) {
    if (caller.once == nullptr) return body(caller);
    KeyedOnce once(*caller.once, parts_.vault);
    Caller keyed = caller;
    keyed.once = &once;
    return body(keyed);
  });
  parts_.announced();  // a refusal may have moved a rental too: a jammed lock
  return done;
}

absl::Status RentalsRpc::EndOnce(const Caller& caller, v1::Rental* out, Ending end) const {
  std::optional<Rental> ended;
  CW_RETURN_IF_ERROR(parts_.database.Write(caller, [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(ended, end(store));
    *out = ToProto(*ended, /*phone=*/"");
    return absl::OkStatus();
  }));
  if (!ended) {
    CW_RETURN_IF_ERROR(parts_.database.Read(caller, [&](Store& store) -> absl::Status {
      CW_ASSIGN_OR_RETURN(ended, store.FindRental(RentalId(out->id())));
      return absl::OkStatus();
    }));
  }
  out->set_user_phone(ShownPhone(caller, parts_.vault, *ended));
  return absl::OkStatus();
}

grpc::Status RentalsRpc::AssignCart(grpc::ServerContext* ctx, const v1::AssignCartRequest* req,
                                    v1::Rental* out) {
  return CallOnce(ctx, *req, *out, [&](const Caller& caller) -> absl::Status {
    NewRental want;
    CW_ASSIGN_OR_RETURN(want.branch, ParseId<BranchId>("branch_id", req->branch_id()));
    want.phone = req->user_phone();
    want.notes = req->notes();
    CW_ASSIGN_OR_RETURN(const Rental rental, parts_.assignment.Assign(caller, want));
    *out = Shown(caller, rental);
    return absl::OkStatus();
  });
}

grpc::Status RentalsRpc::ReturnCart(grpc::ServerContext* ctx, const v1::ReturnCartRequest* req,
                                    v1::Rental* out) {
  return CallOnce(ctx, *req, *out, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const ReturnByHand want, FromProto(*req));
    return EndOnce(caller, out, [&](Store& store) {
      return rental::ReturnCart(store, caller, parts_.vault, want, parts_.clock.Now());
    });
  });
}

grpc::Status RentalsRpc::ListActiveRentals(grpc::ServerContext* ctx,
                                           const v1::ListActiveRentalsRequest* req,
                                           v1::ListActiveRentalsResponse* out) {
  return parts_.guard.Read(
      ctx, *req, parts_.database, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<BranchId>("branch_id", req->branch_id()));
        CW_ASSIGN_OR_RETURN(const auto page, ParseRentalPage(req->page_size(), req->page_token()));
        CW_ASSIGN_OR_RETURN(const Branch branch, store.FindBranch(id));
        CW_ASSIGN_OR_RETURN(auto rentals, store.ListActive(branch, page));
        out->set_next_page_token(NextPage(rentals, page));
        for (const Rental& rental : rentals) *out->add_rentals() = Shown(caller, rental);
        return absl::OkStatus();
      });
}

grpc::Status RentalsRpc::ListRentalHistory(grpc::ServerContext* ctx,
                                           const v1::ListRentalHistoryRequest* req,
                                           v1::ListRentalHistoryResponse* out) {
  return parts_.guard.Read(
      ctx, *req, parts_.database, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const HistoryFilter filter, FilterOf(*req, caller, parts_.vault));
        CW_ASSIGN_OR_RETURN(const auto page, ParseRentalPage(req->page_size(), req->page_token()));
        CW_ASSIGN_OR_RETURN(const Branch branch, store.FindBranch(filter.branch));
        CW_ASSIGN_OR_RETURN(auto rentals, store.ListHistory(branch, filter, page));
        out->set_next_page_token(NextPage(rentals, page));
        for (const Rental& rental : rentals) *out->add_rentals() = Shown(caller, rental);
        return absl::OkStatus();
      });
}

grpc::Status RentalsRpc::GetRentalStats(grpc::ServerContext* ctx,
                                        const v1::GetRentalStatsRequest* req,
                                        v1::RentalStats* out) {
  return parts_.guard.Read(
      ctx, *req, parts_.database, [&](Store& store, const Caller&) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<BranchId>("branch_id", req->branch_id()));
        CW_ASSIGN_OR_RETURN(const Branch branch, store.FindBranch(id));
        const absl::Time until =
            req->has_until() ? FromTimestamp(req->until()) : parts_.clock.Now();
        const absl::Time from = req->has_from() ? FromTimestamp(req->from()) : until - kUsualSpan;
        CW_ASSIGN_OR_RETURN(const RentalFigures figures, store.CountRentals(branch, from, until));
        out->set_branch_id(branch.id.value());
        out->set_total(figures.total);
        out->set_active(figures.active);
        out->set_overdue(figures.overdue);
        out->set_returned(figures.returned);
        out->set_returned_late(figures.returned_late);
        out->set_not_taken(figures.not_taken);
        out->set_not_opened(figures.not_opened);
        out->set_average_minutes(figures.average_minutes);
        out->set_longest_minutes(figures.longest_minutes);
        return absl::OkStatus();
      });
}

grpc::Status RentalsRpc::GetBranchStats(grpc::ServerContext* ctx,
                                        const v1::GetBranchStatsRequest* req,
                                        v1::BranchStats* out) {
  return parts_.guard.Read(
      ctx, *req, parts_.database, [&](Store& store, const Caller&) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<BranchId>("branch_id", req->branch_id()));
        CW_ASSIGN_OR_RETURN(const Branch branch, store.FindBranch(id));
        CW_ASSIGN_OR_RETURN(const BranchFigures figures, store.CountBranch(branch));
        out->set_branch_id(branch.id.value());
        out->set_carts(figures.carts);
        out->set_carts_available(figures.available);
        out->set_carts_in_use(figures.in_use);
        out->set_carts_maintenance(figures.maintenance);
        out->set_carts_offline(figures.offline);
        out->set_rentals_open(figures.rentals_open);
        out->set_rentals_overdue(figures.rentals_overdue);
        out->set_rentals_today(figures.rentals_today);
        return absl::OkStatus();
      });
}

grpc::Status RentalsRpc::GetRental(grpc::ServerContext* ctx, const v1::GetRentalRequest* req,
                                   v1::Rental* out) {
  return parts_.guard.Read(
      ctx, *req, parts_.database, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<RentalId>("id", req->id()));
        CW_ASSIGN_OR_RETURN(const Rental rental,
                            rental::GetRental(store, caller, parts_.vault, id));
        *out = Shown(caller, rental);
        return absl::OkStatus();
      });
}

grpc::Status RentalsRpc::ForceCompleteRental(grpc::ServerContext* ctx,
                                             const v1::ForceCompleteRentalRequest* req,
                                             v1::Rental* out) {
  return CallOnce(ctx, *req, *out, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto id, ParseId<RentalId>("id", req->id()));
    return EndOnce(caller, out, [&](Store& store) {
      return ForceComplete(store, caller, id, req->reason(), parts_.clock.Now());
    });
  });
}

grpc::Status RentalsRpc::ListMyRentals(grpc::ServerContext* ctx,
                                       const v1::ListMyRentalsRequest* req,
                                       v1::ListMyRentalsResponse* out) {
  return parts_.guard.Read(
      ctx, *req, parts_.database, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto page, ParseRentalPage(req->page_size(), req->page_token()));
        CW_ASSIGN_OR_RETURN(auto rentals,
                            store.ListOfPhone(parts_.vault.Hashes(caller.phone), page));
        out->set_next_page_token(NextPage(rentals, page));
        for (const Rental& rental : rentals) *out->add_rentals() = Shown(caller, rental);
        return absl::OkStatus();
      });
}

}  // namespace cartwise::rental
