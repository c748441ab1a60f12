#include "cartwise/rpc/status.hpp"

#include <string>

#include "cartwise/base/errors.hpp"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace cartwise::rpc {
namespace {

constexpr char kDomain[] = "cartwise";
constexpr char kOurFault[] = "something went wrong on our side; the trace id finds it in the logs";

bool IsOurFault(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kDataLoss;
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  if (IsOurFault(status.code())) return {code, kOurFault};

  google::rpc::Status rich;
  rich.set_code(code);
  rich.set_message(std::string(status.message()));
  const std::string reason = errors::Reason(status);
  const auto details = errors::Details(status);
  if (!reason.empty() || !details.empty()) {
    google::rpc::ErrorInfo info;
    info.set_reason(reason);
    info.set_domain(kDomain);
    for (const auto& [key, value] : details) (*info.mutable_metadata())[key] = value;
    rich.add_details()->PackFrom(info);
  }
  if (const auto fields = errors::Fields(status); !fields.empty()) {
    google::rpc::BadRequest bad;
    for (const auto& [field, text] : fields) {
      auto* const violation = bad.add_field_violations();
      violation->set_field(field);
      violation->set_description(text);
    }
    rich.add_details()->PackFrom(bad);
  }
  if (rich.details().empty()) return {code, rich.message()};
  return {code, rich.message(), rich.SerializeAsString()};
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  google::rpc::Status rich;
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad;
  if (rich.ParseFromString(status.error_details())) {
    for (const auto& detail : rich.details()) {
      if (detail.Is<google::rpc::ErrorInfo>()) detail.UnpackTo(&info);
      if (detail.Is<google::rpc::BadRequest>()) detail.UnpackTo(&bad);
    }
  }
  absl::Status result(code, status.error_message());
  if (!bad.field_violations().empty()) {
    errors::FieldErrors fields;
    for (const auto& violation : bad.field_violations()) {
      fields.Add(violation.field(), violation.description());
    }
    result = fields.ToStatus();
  } else if (!info.reason().empty()) {
    result = errors::Refuse(code, info.reason(), status.error_message());
  }
  for (const auto& [key, value] : info.metadata()) {
    result = errors::WithDetail(result, key, value);
  }
  return result;
}

}  // namespace cartwise::rpc
