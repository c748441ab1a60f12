#include "routing/contracts.hpp"

#include <algorithm>
#include <set>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <google/protobuf/descriptor.pb.h>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/rpc/policy.hpp"
#include "google/api/annotations.pb.h"

namespace cartwise::gateway {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using options::v1::Policy;

constexpr absl::Duration kDefaultTimeout = absl::Seconds(10);

/// "rental" of "cartwise.rental.v1"; empty when the package has no area.
std::string AreaOf(const FileDescriptor* file) {
  const std::vector<std::string> words = absl::StrSplit(file->package(), '.');
  return words.size() < 2 ? std::string() : words[1];
}

std::string FaultOf(const MethodDescriptor* method, const Policy* policy) {
  if (policy == nullptr) return "has no policy";
  const bool has_rest = method->options().HasExtension(google::api::http);
  if (policy->internal()) return has_rest ? "is internal and has a REST face" : "";
  if (policy->principals().empty()) return "has a policy that nobody satisfies";
  if (AreaOf(method->file()).empty()) return "is in a package without an area";
  return "";
}

}  // namespace

bool Method::AllowsAnonymous() const {
  return std::count(policy->principals().begin(), policy->principals().end(), Policy::ANONYMOUS) >
         0;
}

absl::StatusOr<std::unique_ptr<Contracts>> Contracts::Load(std::string_view descriptor_set) {
  google::protobuf::FileDescriptorSet set;
  if (!set.ParseFromArray(descriptor_set.data(), static_cast<int>(descriptor_set.size()))) {
    return absl::InvalidArgumentError("the descriptor set cannot be read");
  }
  std::unique_ptr<Contracts> contracts(new Contracts());
  std::vector<std::string> faults;
  for (const auto& proto : set.file()) {
    const FileDescriptor* file = contracts->pool_.BuildFile(proto);
    if (file == nullptr) {
      faults.push_back(absl::StrCat(proto.name(), " does not fit the files before it"));
      continue;
    }
    for (int i = 0; i < file->service_count(); ++i) {
      contracts->AddService(file->service(i), faults);
    }
  }
  CW_RETURN_IF_ERROR(FaultsToStatus(faults));
  std::set<std::string> areas;
  for (const Method& method : contracts->methods_) areas.insert(method.area);
  contracts->areas_.assign(areas.begin(), areas.end());
  return contracts;
}

void Contracts::AddService(const google::protobuf::ServiceDescriptor* service,
                           std::vector<std::string>& faults) {
  for (int i = 0; i < service->method_count(); ++i) {
    const MethodDescriptor* descriptor = service->method(i);
    const Policy* policy = rpc::PolicyOf(descriptor);
    if (const std::string fault = FaultOf(descriptor, policy); !fault.empty()) {
      faults.push_back(absl::StrCat(descriptor->full_name(), " ", fault));
      continue;
    }
    if (policy->internal()) continue;
    Method& method = methods_.emplace_back();
    method.descriptor = descriptor;
    method.policy = policy;
    method.path = absl::StrCat("/", service->full_name(), "/", descriptor->name());
    method.area = AreaOf(descriptor->file());
    method.timeout =
        policy->timeout_ms() > 0 ? absl::Milliseconds(policy->timeout_ms()) : kDefaultTimeout;
    method.request = messages_.GetPrototype(descriptor->input_type());
    method.answer = layouts_.Add(descriptor->output_type());
    by_path_[method.path] = &method;
  }
}

const Method* Contracts::Find(const std::string& path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : found->second;
}

absl::Status FaultsToStatus(const std::vector<std::string>& faults) {
  if (faults.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(faults, "\n"));
}

}  // namespace cartwise::gateway
