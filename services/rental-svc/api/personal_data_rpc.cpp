#include "api/personal_data_rpc.hpp"

#include <google/protobuf/util/json_util.h>

#include "api/translation.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::rental {
namespace {

namespace pb = google::protobuf;

// As the API shows a rental, so that an export reads like everything else.
absl::Status AddRental(const Rental& rental, pb::ListValue& list) {
  pb::util::JsonPrintOptions names;
  names.preserve_proto_field_names = true;
  std::string json;
  const bool written =
      pb::util::MessageToJsonString(ToProto(rental, /*phone=*/""), &json, names).ok() &&
      pb::util::JsonStringToMessage(json, list.add_values()->mutable_struct_value()).ok();
  return written ? absl::OkStatus() : absl::InternalError("a rental cannot be written as JSON");
}

}  // namespace

grpc::Status PersonalDataRpc::Export(grpc::ServerContext* ctx,
                                     const privacy::v1::ExportRequest* req,
                                     privacy::v1::ExportResponse* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto chain, ParseId<ChainId>("chain_id", req->chain_id()));
    CW_ASSIGN_OR_RETURN(const auto rentals, people_.Export(chain, req->phone(), caller.deadline));
    auto& list = *(*out->mutable_data()->mutable_fields())["rentals"].mutable_list_value();
    for (const Rental& rental : rentals) CW_RETURN_IF_ERROR(AddRental(rental, list));
    return absl::OkStatus();
  });
}

grpc::Status PersonalDataRpc::Erase(grpc::ServerContext* ctx, const privacy::v1::EraseRequest* req,
                                    privacy::v1::EraseResponse* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto chain, ParseId<ChainId>("chain_id", req->chain_id()));
    CW_ASSIGN_OR_RETURN(
        const Erased erased,
        people_.Erase({chain, req->phone(), req->handle(), req->check_only()}, caller.deadline));
    out->set_handle(erased.handle);
    out->set_rows_erased(erased.rows);
    return absl::OkStatus();
  });
}

}  // namespace cartwise::rental
