#pragma once

#include <set>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/options/v1/policy.pb.h"

namespace cartwise::rpc {

/// The policy option of a method; nullptr when it has none.
const options::v1::Policy* PolicyOf(const google::protobuf::MethodDescriptor* method);

/// Every scope that some method of a serialized FileDescriptorSet asks of an API key.
std::set<std::string> ScopesIn(std::string_view descriptor_set);

/// May this caller make this call? The same function at the gateway and in the
/// service. `request` may be null when its fields are not read yet.
///
/// UNAUTHENTICATED (SIGN_IN_REQUIRED) for an anonymous caller of a method that
/// needs one; PERMISSION_DENIED (NOT_ALLOWED) for the wrong kind of caller or a
/// role too weak; PERMISSION_DENIED (SCOPE_MISSING) for an API key without the
/// method's scope; NOT_FOUND for a chain, branch or device in the request that is
/// not the caller's. That answer is the one for an absent thing, to the letter:
/// services use NoSuchChain() and its sisters too. Everything else a service
/// does not find is `<THING>_NOT_FOUND`, "no such <thing>".
///
/// Platform admins pass wherever STAFF does. A branch is not checked against the
/// chain here: the service finds it under the caller's row security, or not.
absl::Status CheckPolicy(const options::v1::Policy& policy, const Caller& caller,
                         const google::protobuf::Message* request);

/// NOT_FOUND (CHAIN_NOT_FOUND) "no such chain", and so on.
absl::Status NoSuchChain();
absl::Status NoSuchBranch();
absl::Status NoSuchDevice();

}  // namespace cartwise::rpc
