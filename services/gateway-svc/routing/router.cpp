#include "routing/router.hpp"

#include <algorithm>

#include <absl/strings/str_cat.h>

#include "cartwise/base/status_macros.hpp"
#include "google/api/annotations.pb.h"
#include "google/api/http.pb.h"

namespace cartwise::gateway {
namespace {

using google::api::HttpRule;

struct Pattern {
  Verb verb;
  std::string path;
};

absl::StatusOr<Pattern> PatternOf(const HttpRule& rule) {
  switch (rule.pattern_case()) {
    case HttpRule::kGet:
      return Pattern{Verb::kGet, rule.get()};
    case HttpRule::kPost:
      return Pattern{Verb::kPost, rule.post()};
    case HttpRule::kPut:
      return Pattern{Verb::kPut, rule.put()};
    case HttpRule::kPatch:
      return Pattern{Verb::kPatch, rule.patch()};
    case HttpRule::kDelete:
      return Pattern{Verb::kDelete, rule.delete_()};
    case HttpRule::kCustom:
      return absl::InvalidArgumentError("custom verbs cannot be served");
    case HttpRule::PATTERN_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("a rule without a path");
}

absl::StatusOr<FieldPath> VariableOf(const Method& method, const std::string& name) {
  const FieldPath path = FindFieldPath(method.descriptor->input_type(), name);
  if (path.empty()) return absl::InvalidArgumentError(absl::StrCat("{", name, "} is no field"));
  if (path.back()->is_repeated() || path.back()->message_type() != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("{", name, "} is no single scalar field"));
  }
  return path;
}

absl::Status SetBody(const HttpRule& rule, Route& route) {
  if (!rule.response_body().empty()) {
    return absl::InvalidArgumentError("response_body cannot be served");
  }
  if (rule.body().empty()) return absl::OkStatus();
  if (route.verb == Verb::kGet || route.verb == Verb::kDelete) {
    return absl::InvalidArgumentError("GET and DELETE have no body");
  }
  route.has_body = true;
  if (rule.body() == "*") return absl::OkStatus();
  route.body_field = route.method->descriptor->input_type()->FindFieldByName(rule.body());
  if (route.body_field == nullptr || route.body_field->is_repeated() ||
      route.body_field->message_type() == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("body \"", rule.body(), "\" is neither * nor a message field"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Route> RouteOf(const Method& method, const HttpRule& rule) {
  if (method.streaming()) return absl::InvalidArgumentError("a stream has no REST face");
  CW_ASSIGN_OR_RETURN(const Pattern pattern, PatternOf(rule));
  Route route;
  route.method = &method;
  route.verb = pattern.verb;
  CW_ASSIGN_OR_RETURN(route.path, PathTemplate::Parse(pattern.path));
  route.label = route.path.ToString();
  for (const std::string& name : route.path.Variables()) {
    CW_ASSIGN_OR_RETURN(FieldPath variable, VariableOf(method, name));
    route.variables.push_back(std::move(variable));
  }
  CW_RETURN_IF_ERROR(SetBody(rule, route));
  return route;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Router>> Router::Build(const Contracts& contracts) {
  auto router = std::make_unique<Router>();
  std::vector<std::string> faults;
  const auto add = [&](const Method& method, const HttpRule& rule) {
    absl::StatusOr<Route> route = RouteOf(method, rule);
    const absl::Status status = route.ok() ? router->Add(*std::move(route)) : route.status();
    if (!status.ok()) {
      faults.push_back(
          absl::StrCat(method.descriptor->full_name(), ": ", std::string(status.message())));
    }
  };
  for (const Method& method : contracts.methods()) {
    const auto& options = method.descriptor->options();
    if (!options.HasExtension(google::api::http)) continue;
    const HttpRule& rule = options.GetExtension(google::api::http);
    add(method, rule);
    for (const HttpRule& more : rule.additional_bindings()) add(method, more);
  }
  CW_RETURN_IF_ERROR(FaultsToStatus(faults));
  return router;
}

absl::Status Router::Add(Route route) {
  Node* node = &root_;
  for (const PathTemplate::Segment& segment : route.path.segments()) {
    std::unique_ptr<Node>& next = segment.variable ? node->variable : node->literals[segment.text];
    if (next == nullptr) next = std::make_unique<Node>();
    node = next.get();
  }
  const Route*& place = node->routes[route.verb];
  if (place != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(VerbName(route.verb)), " ",
                                                   route.label, " is taken by ",
                                                   place->method->descriptor->full_name()));
  }
  routes_.push_back(std::move(route));
  place = &routes_.back();
  return absl::OkStatus();
}

Router::Match Router::Find(std::optional<Verb> verb,
                           const std::vector<std::string>& segments) const {
  Match match;
  std::vector<std::string> values;
  Search(root_, verb, segments, 0, values, match);
  if (match.route != nullptr) match.allowed.clear();
  return match;
}

void Router::Search(const Node& node, std::optional<Verb> verb,
                    const std::vector<std::string>& segments, size_t depth,
                    std::vector<std::string>& values, Match& match) const {
  if (depth == segments.size()) {
    for (const auto& [known, route] : node.routes) {
      if (known == verb) {
        match.route = route;
        match.values = values;
        return;
      }
      if (std::find(match.allowed.begin(), match.allowed.end(), known) == match.allowed.end()) {
        match.allowed.push_back(known);
      }
    }
    return;
  }
  if (const auto literal = node.literals.find(segments[depth]); literal != node.literals.end()) {
    Search(*literal->second, verb, segments, depth + 1, values, match);
    if (match.route != nullptr) return;
  }
  if (node.variable != nullptr) {
    values.push_back(segments[depth]);
    Search(*node.variable, verb, segments, depth + 1, values, match);
    values.pop_back();
  }
}

}  // namespace cartwise::gateway
