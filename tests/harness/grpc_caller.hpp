#pragma once

#include <memory>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "cartwise/options/v1/policy.pb.h"
#include "harness/rest.hpp"

namespace cartwise::fleet {

struct GrpcAnswer {
  std::string code;  ///< "OK", "NOT_FOUND", ...
  std::string message;
  Json body;
};

/// Calls any method of the contracts by its descriptor, with a request as JSON,
/// through the gateway's gRPC port.
class GrpcCaller {
 public:
  GrpcCaller(int port, const std::string& ca_file);
  ~GrpcCaller();

  /// Every method of every service of this project.
  std::vector<const google::protobuf::MethodDescriptor*> Methods() const;
  options::v1::Policy PolicyOf(const google::protobuf::MethodDescriptor& method) const;

  /// A stream is called like the rest: one message, then half close. `trace_id`:
  /// 32 hex digits that the call is traced under; empty for a new one.
  GrpcAnswer Call(const google::protobuf::MethodDescriptor& method, const std::string& json,
                  const std::string& token, const std::string& trace_id = "");

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cartwise::fleet
