#include "transcoding/request.hpp"

#include <algorithm>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/options/v1/field.pb.h"
#include "transcoding/json_reader.hpp"

namespace cartwise::gateway {
namespace {

using google::protobuf::Message;

absl::Status ReadBody(const Route& route, const std::string& body, Message& out) {
  if (!route.has_body) {
    if (body.empty()) return absl::OkStatus();
    return errors::Refuse(absl::StatusCode::kInvalidArgument, "UNEXPECTED_BODY",
                          "this call takes no body");
  }
  if (body.empty()) return absl::OkStatus();
  Message* target = &out;
  if (route.body_field != nullptr) {
    target = out.GetReflection()->MutableMessage(&out, route.body_field);
  }
  return ReadJson(body, *target);
}

void BindPath(const Route& route, const std::vector<std::string>& values, Message& out,
              errors::FieldErrors& faults) {
  for (size_t i = 0; i < route.variables.size(); ++i) {
    const FieldPath& path = route.variables[i];
    const bool in_body = IsSet(out, path);
    const std::string from_body = in_body ? GetAsText(out, path) : std::string();
    const absl::Status status = SetFromText(out, path, values[i]);
    if (!status.ok()) {
      faults.Add(FieldPathName(path), std::string(status.message()));
    } else if (in_body && from_body != GetAsText(out, path)) {
      faults.Add(FieldPathName(path), "differs from the one in the path");
    }
  }
}

bool IsBodyOnly(const FieldPath& path) {
  return std::any_of(path.begin(), path.end(), [](const auto* field) {
    return field->options().GetExtension(options::v1::body_only);
  });
}

void BindQuery(const Route& route, const QueryParameters& query, Message& out,
               errors::FieldErrors& faults) {
  std::vector<FieldPath> seen;
  for (const auto& [name, text] : query) {
    const std::string shown = name.substr(0, 60);
    const FieldPath path = FindFieldPath(out.GetDescriptor(), name);
    if (!path.empty() && IsBodyOnly(path)) {
      faults.Add(shown, "must not stand in a URL; send it in a body");
      continue;
    }
    if (path.empty() || !IsQueryField(route, path)) {
      faults.Add(shown, "is not known");
      continue;
    }
    const bool again = std::find(seen.begin(), seen.end(), path) != seen.end();
    if (again && !path.back()->is_repeated()) {
      faults.Add(shown, "comes twice");
      continue;
    }
    seen.push_back(path);
    const absl::Status status = SetFromText(out, path, text);
    if (!status.ok()) faults.Add(shown, std::string(status.message()));
  }
}

}  // namespace

bool IsQueryField(const Route& route, const FieldPath& path) {
  if (route.has_body && (route.body_field == nullptr || route.body_field == path.front())) {
    return false;
  }
  if (path.back()->is_map() || !IsTextField(path.back()) || IsBodyOnly(path)) return false;
  return std::find(route.variables.begin(), route.variables.end(), path) == route.variables.end();
}

absl::Status FillRequest(const Route& route, const RestRequest& request, Message& out) {
  CW_RETURN_IF_ERROR(ReadBody(route, request.body, out));
  errors::FieldErrors faults;
  BindPath(route, request.path_values, out, faults);
  BindQuery(route, request.query, out, faults);
  return faults.ToStatus();
}

}  // namespace cartwise::gateway
