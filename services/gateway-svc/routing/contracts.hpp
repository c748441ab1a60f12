#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>

#include "cartwise/options/v1/policy.pb.h"
#include "transcoding/json_layout.hpp"

namespace cartwise::gateway {

/// One method that strangers may call: not an internal one.
struct Method {
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  const options::v1::Policy* policy = nullptr;
  std::string path;        ///< "/cartwise.rental.v1.RentalService/AssignCart", as gRPC says it
  std::string area;        ///< second word of the package: who serves it
  absl::Duration timeout;  ///< the whole time a unary call may take

  const google::protobuf::Message* request = nullptr;  ///< empty, to make the call's own from
  const MessageLayout* answer = nullptr;               ///< how JSON writes the answer

  bool streaming() const {
    return descriptor->client_streaming() || descriptor->server_streaming();
  }
  /// True when it answers with a file, which REST sends as it is.
  bool AnswersFile() const {
    return descriptor->output_type()->full_name() == "cartwise.options.v1.File";
  }
  /// True when a caller without any credential may call it.
  bool AllowsAnonymous() const;
};

/// Every contract of the fleet, from its descriptor set. The gateway is linked
/// with no service's generated code: what it knows of methods, it knows from
/// here. Immutable, so thread-safe.
class Contracts {
 public:
  /// `descriptor_set` is a serialized FileDescriptorSet with its imports. Lists
  /// every method that cannot be served: without a policy, internal and yet
  /// with a REST face, outside an area.
  static absl::StatusOr<std::unique_ptr<Contracts>> Load(std::string_view descriptor_set);

  /// By gRPC path; null for unknown and for internal methods.
  const Method* Find(const std::string& path) const;
  /// In the order of the descriptor set.
  const std::deque<Method>& methods() const { return methods_; }
  /// Areas that serve at least one method, sorted.
  const std::vector<std::string>& areas() const { return areas_; }
  const google::protobuf::DescriptorPool& pool() const { return pool_; }

 private:
  Contracts() = default;
  void AddService(const google::protobuf::ServiceDescriptor* service,
                  std::vector<std::string>& faults);

  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory messages_{&pool_};
  JsonLayouts layouts_;
  std::deque<Method> methods_;
  std::unordered_map<std::string, const Method*> by_path_;
  std::vector<std::string> areas_;
};

/// INVALID_ARGUMENT with a line per fault; OK when there is none.
absl::Status FaultsToStatus(const std::vector<std::string>& faults);

}  // namespace cartwise::gateway
