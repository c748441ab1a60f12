#include "cartwise/rpc/policy.hpp"

#include <algorithm>

#include <absl/strings/str_cat.h>
#include <google/protobuf/descriptor.pb.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using options::v1::Policy;

Policy::Principal ToProto(Principal principal) {
  switch (principal) {
    case Principal::kAnonymous:
      return Policy::ANONYMOUS;
    case Principal::kShopper:
      return Policy::SHOPPER;
    case Principal::kStaff:
      return Policy::STAFF;
    case Principal::kDevice:
      return Policy::DEVICE;
    case Principal::kService:
      return Policy::SERVICE;
    case Principal::kApiKey:
      break;  // never listed: a scope admits it
  }
  return Policy::PRINCIPAL_UNSPECIFIED;
}

Role FromProto(Policy::Role role) {
  return static_cast<Role>(static_cast<int>(role));
}
static_assert(static_cast<int>(Role::kPlatformAdmin) == Policy::PLATFORM_ADMIN);
static_assert(static_cast<int>(Role::kViewer) == Policy::VIEWER);

absl::Status NotAllowed() {
  return errors::Refuse(absl::StatusCode::kPermissionDenied, "NOT_ALLOWED",
                        "you are not allowed to do this; ask an admin of your chain");
}

// The id in a field of the request, in lower case.
absl::StatusOr<std::string> IdIn(const Message& request, const std::string& name) {
  const FieldDescriptor* const field = request.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->is_repeated() ||
      field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    return absl::InternalError(
        absl::StrCat("policy names no text field of ", request.GetTypeName(), ": ", name));
  }
  return ToLowerAscii(request.GetReflection()->GetString(request, field));
}

absl::Status CheckChain(const Policy& policy, const Caller& caller, const Message& request) {
  if (policy.chain_field().empty() || caller.IsPlatformAdmin()) return absl::OkStatus();
  CW_ASSIGN_OR_RETURN(const std::string chain, IdIn(request, policy.chain_field()));
  return chain.empty() || chain == caller.chain.value() ? absl::OkStatus() : NoSuchChain();
}

absl::Status CheckBranch(const Policy& policy, const Caller& caller, const Message& request) {
  if (policy.branch_field().empty()) return absl::OkStatus();
  CW_ASSIGN_OR_RETURN(const std::string branch, IdIn(request, policy.branch_field()));
  if (branch.empty()) return absl::OkStatus();
  const Role role = caller.RoleIn(BranchId(branch));
  if (role == Role::kNone) return NoSuchBranch();
  return role >= FromProto(policy.least_role()) ? absl::OkStatus() : NotAllowed();
}

absl::Status CheckStaff(const Policy& policy, const Caller& caller, const Message* request) {
  if (caller.IsPlatformAdmin()) return absl::OkStatus();
  if (caller.StrongestRole() < FromProto(policy.least_role())) return NotAllowed();
  if (request == nullptr) return absl::OkStatus();
  CW_RETURN_IF_ERROR(CheckChain(policy, caller, *request));
  return CheckBranch(policy, caller, *request);
}

absl::Status CheckDevice(const Policy& policy, const Caller& caller, const Message* request) {
  if (request == nullptr) return absl::OkStatus();
  CW_RETURN_IF_ERROR(CheckChain(policy, caller, *request));
  if (policy.device_field().empty()) return absl::OkStatus();
  CW_ASSIGN_OR_RETURN(const std::string device, IdIn(*request, policy.device_field()));
  return device == caller.subject ? absl::OkStatus() : NoSuchDevice();
}

// A key acts for staff: it needs the method's scope besides what staff needs.
absl::Status CheckApiKey(const Policy& policy, const Caller& caller, const Message* request) {
  const auto& allowed = policy.principals();
  const bool for_staff = std::find(allowed.begin(), allowed.end(), Policy::STAFF) != allowed.end();
  if (!for_staff || policy.scope().empty()) {
    return errors::Refuse(absl::StatusCode::kPermissionDenied, "NOT_ALLOWED",
                          "no API key may do this; sign in instead");
  }
  if (std::find(caller.scopes.begin(), caller.scopes.end(), policy.scope()) ==
      caller.scopes.end()) {
    return errors::Refuse(absl::StatusCode::kPermissionDenied, "SCOPE_MISSING",
                          absl::StrCat("the API key lacks the scope ", policy.scope()));
  }
  return CheckStaff(policy, caller, request);
}

absl::Status CheckService(const Policy& policy, const Caller& caller) {
  const auto& named = policy.services();
  const bool may =
      named.empty() || std::find(named.begin(), named.end(), caller.subject) != named.end();
  return may ? absl::OkStatus() : NotAllowed();
}

}  // namespace

absl::Status NoSuchChain() {
  return errors::NotFound("CHAIN_NOT_FOUND", "no such chain");
}
absl::Status NoSuchBranch() {
  return errors::NotFound("BRANCH_NOT_FOUND", "no such branch");
}
absl::Status NoSuchDevice() {
  return errors::NotFound("DEVICE_NOT_FOUND", "no such device");
}

const Policy* PolicyOf(const google::protobuf::MethodDescriptor* method) {
  if (!method->options().HasExtension(options::v1::policy)) return nullptr;
  return &method->options().GetExtension(options::v1::policy);
}

std::set<std::string> ScopesIn(std::string_view descriptor_set) {
  std::set<std::string> scopes;
  google::protobuf::FileDescriptorSet files;
  if (!files.ParseFromArray(descriptor_set.data(), static_cast<int>(descriptor_set.size()))) {
    return scopes;
  }
  for (const auto& file : files.file()) {
    for (const auto& service : file.service()) {
      for (const auto& method : service.method()) {
        const Policy& policy = method.options().GetExtension(options::v1::policy);
        if (!policy.scope().empty()) scopes.insert(policy.scope());
      }
    }
  }
  return scopes;
}

absl::Status CheckPolicy(const Policy& policy, const Caller& caller, const Message* request) {
  if (caller.principal == Principal::kApiKey) return CheckApiKey(policy, caller, request);
  const auto& allowed = policy.principals();
  if (std::find(allowed.begin(), allowed.end(), ToProto(caller.principal)) == allowed.end()) {
    if (caller.principal != Principal::kAnonymous || policy.internal()) return NotAllowed();
    return errors::Refuse(absl::StatusCode::kUnauthenticated, "SIGN_IN_REQUIRED",
                          "sign in first, or send a token");
  }
  if (policy.internal() && caller.principal != Principal::kService) return NotAllowed();
  switch (caller.principal) {
    case Principal::kStaff:
      return CheckStaff(policy, caller, request);
    case Principal::kDevice:
      return CheckDevice(policy, caller, request);
    case Principal::kShopper:
      return request == nullptr ? absl::OkStatus() : CheckChain(policy, caller, *request);
    case Principal::kService:
      return CheckService(policy, caller);
    case Principal::kAnonymous:
      return absl::OkStatus();
    case Principal::kApiKey:
      break;
  }
  return NotAllowed();
}

}  // namespace cartwise::rpc
