#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "routing/contracts.hpp"
#include "routing/path_template.hpp"
#include "transcoding/field_path.hpp"

namespace cartwise::gateway {

enum class Verb { kGet, kPost, kPut, kPatch, kDelete };

constexpr std::string_view VerbName(Verb verb) {
  switch (verb) {
    case Verb::kGet:
      return "GET";
    case Verb::kPost:
      return "POST";
    case Verb::kPut:
      return "PUT";
    case Verb::kPatch:
      return "PATCH";
    case Verb::kDelete:
      return "DELETE";
  }
  return "";
}

/// The REST face of one method.
struct Route {
  const Method* method = nullptr;
  Verb verb = Verb::kGet;
  PathTemplate path;
  std::string label;                 ///< the path as written, for logs and metrics
  std::vector<FieldPath> variables;  ///< what the path's variables set, in order
  bool has_body = false;
  /// Null when the body is the whole request.
  const google::protobuf::FieldDescriptor* body_field = nullptr;
};

}  // namespace cartwise::gateway
