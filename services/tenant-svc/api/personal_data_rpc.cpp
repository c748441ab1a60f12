#include "api/personal_data_rpc.hpp"

#include <absl/time/clock.h>
#include <google/protobuf/util/json_util.h>

#include "api/translation.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::tenant {
namespace {

v1::Erasure ToProto(const Erasure& erasure) {
  v1::Erasure out;
  out.set_id(erasure.id.value());
  out.set_chain_id(erasure.chain.value());
  out.set_state(erasure.done_at ? v1::Erasure::DONE : v1::Erasure::RUNNING);
  out.set_requested_by(erasure.requested_by);
  *out.mutable_requested_at() = ToTimestamp(erasure.requested_at);
  if (erasure.done_at) *out.mutable_done_at() = ToTimestamp(*erasure.done_at);
  for (const ErasurePart& part : erasure.parts) {
    auto& shown = *out.add_parts();
    shown.set_holder(part.holder);
    shown.set_rows_erased(part.rows_erased);
    if (part.erased_at) *shown.mutable_erased_at() = ToTimestamp(*part.erased_at);
  }
  return out;
}

absl::Status Fill(const Person& person, const std::vector<Holding>& held, v1::PersonalData& out) {
  out.set_chain_id(person.chain.value());
  out.set_user_phone(person.phone);
  *out.mutable_exported_at() = ToTimestamp(absl::Now());
  for (const Holding& holding : held) {
    auto& part = *out.add_parts();
    part.set_holder(holding.holder);
    if (!google::protobuf::util::JsonStringToMessage(holding.json, part.mutable_data()).ok()) {
      return absl::InternalError("what a holder exported is no JSON object");
    }
  }
  return absl::OkStatus();
}

Person Own(const Caller& shopper) {
  return {shopper.chain, shopper.phone};
}

}  // namespace

grpc::Status PersonalDataRpc::ExportPersonalData(grpc::ServerContext* ctx,
                                                 const v1::ExportPersonalDataRequest* req,
                                                 v1::PersonalData* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto chain, ParseOptionalId<ChainId>("chain_id", req->chain_id()));
    CW_ASSIGN_OR_RETURN(const Person person, data_.PersonOf(caller, chain, req->user_phone()));
    CW_ASSIGN_OR_RETURN(const auto held, data_.Export(caller, person));
    return Fill(person, held, *out);
  });
}

grpc::Status PersonalDataRpc::ErasePersonalData(grpc::ServerContext* ctx,
                                                const v1::ErasePersonalDataRequest* req,
                                                v1::Erasure* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto chain, ParseOptionalId<ChainId>("chain_id", req->chain_id()));
    CW_ASSIGN_OR_RETURN(const Person person, data_.PersonOf(caller, chain, req->user_phone()));
    CW_ASSIGN_OR_RETURN(const Erasure erasure, data_.Erase(caller, person));
    *out = ToProto(erasure);
    return absl::OkStatus();
  });
}

grpc::Status PersonalDataRpc::GetErasure(grpc::ServerContext* ctx, const v1::GetErasureRequest* req,
                                         v1::Erasure* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto id, ParseId<ErasureId>("id", req->id()));
    CW_ASSIGN_OR_RETURN(const Erasure erasure, data_.Find(caller, id));
    *out = ToProto(erasure);
    return absl::OkStatus();
  });
}

grpc::Status PersonalDataRpc::ExportMyPersonalData(grpc::ServerContext* ctx,
                                                   const v1::ExportMyPersonalDataRequest* req,
                                                   v1::PersonalData* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto held, data_.Export(caller, Own(caller)));
    return Fill(Own(caller), held, *out);
  });
}

grpc::Status PersonalDataRpc::EraseMyPersonalData(grpc::ServerContext* ctx,
                                                  const v1::EraseMyPersonalDataRequest* req,
                                                  v1::Erasure* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const Erasure erasure, data_.Erase(caller, Own(caller)));
    *out = ToProto(erasure);
    return absl::OkStatus();
  });
}

}  // namespace cartwise::tenant
