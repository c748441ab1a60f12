#include "adapters/holder_client.hpp"

#include <google/protobuf/util/json_util.h>

#include "cartwise/rpc/server.hpp"
#include "cartwise/rpc/status.hpp"

namespace cartwise::tenant {

absl::StatusOr<std::string> HolderClient::Export(const Person& person, absl::Time deadline) {
  privacy::v1::ExportRequest request;
  request.set_chain_id(person.chain.value());
  request.set_phone(person.phone);
  privacy::v1::ExportResponse answer;
  grpc::ClientContext context;
  rpc::Prepare(context, deadline, "");
  const grpc::Status done = stub_->Export(&context, request, &answer);
  if (!done.ok()) return rpc::FromGrpc(done);
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(answer.data(), &json).ok()) {
    return absl::InternalError("an export cannot be written as JSON");
  }
  return json;
}

absl::StatusOr<Erased> HolderClient::Erase(const ErasureOrder& order, absl::Time deadline) {
  privacy::v1::EraseRequest request;
  request.set_chain_id(order.person.chain.value());
  request.set_phone(order.person.phone);
  request.set_handle(order.handle);
  request.set_check_only(order.check_only);
  privacy::v1::EraseResponse answer;
  grpc::ClientContext context;
  rpc::Prepare(context, deadline, "");
  const grpc::Status done = stub_->Erase(&context, request, &answer);
  if (!done.ok()) return rpc::FromGrpc(done);
  return Erased{answer.handle(), answer.rows_erased()};
}

}  // namespace cartwise::tenant
