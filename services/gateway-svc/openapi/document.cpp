#include "openapi/document.hpp"

#include <algorithm>
#include <cctype>

#include <absl/strings/str_cat.h>
#include <nlohmann/json.hpp>

#include "cartwise/base/caller.hpp"
#include "openapi/schemas.hpp"

namespace cartwise::gateway {
namespace {

using google::protobuf::FieldDescriptor;
using nlohmann::json;
using options::v1::Policy;

json ProblemSchema() {
  return {
      {"type", "object"},
      {"description", "What went wrong (RFC 9457). Branch on `code`, show `detail`."},
      {"properties",
       {{"type", {{"type", "string"}}},
        {"title", {{"type", "string"}}},
        {"status", {{"type", "integer"}}},
        {"detail", {{"type", "string"}, {"description", "For a person."}}},
        {"instance", {{"type", "string"}}},
        {"code",
         {{"type", "string"},
          {"description", "Stable, upper snake case."},
          {"examples", {"NO_FREE_CART", "DEVICE_OFFLINE", "INVALID_FIELD"}}}},
        {"errors",
         {{"type", "array"},
          {"description", "The fields at fault."},
          {"items",
           {{"type", "object"},
            {"properties",
             {{"field", {{"type", "string"}}}, {"message", {{"type", "string"}}}}}}}}},
        {"trace_id", {{"type", "string"}, {"description", "Quote it when you ask for help."}}}}},
      {"required", {"title", "status", "code", "trace_id"}}};
}

bool Admits(const Policy& policy, Policy::Principal principal) {
  const auto& all = policy.principals();
  return std::find(all.begin(), all.end(), principal) != all.end();
}

// "CartService" -> "Cart"
std::string TagOf(const google::protobuf::MethodDescriptor* method) {
  const std::string& name = method->service()->name();
  constexpr std::string_view kSuffix = "Service";
  return name.size() > kSuffix.size() &&
                 name.compare(name.size() - kSuffix.size(), kSuffix.size(), kSuffix.data()) == 0
             ? name.substr(0, name.size() - kSuffix.size())
             : name;
}

// "Lists the carts of a branch by number." of a comment of several sentences.
std::string FirstSentence(const std::string& text) {
  const size_t end = text.find(". ");
  const size_t line = text.find(".\n");
  const size_t at = std::min(end, line);
  std::string first = at == std::string::npos ? text : text.substr(0, at + 1);
  std::replace(first.begin(), first.end(), '\n', ' ');
  return first;
}

std::string WhoMay(const Policy& policy) {
  std::string who;
  const auto add = [&](const std::string& text) { who += (who.empty() ? "" : ", ") + text; };
  if (Admits(policy, Policy::ANONYMOUS)) add("anybody");
  if (Admits(policy, Policy::SHOPPER)) add("shoppers");
  if (Admits(policy, Policy::STAFF)) {
    add(absl::StrCat("staff from role ", Policy::Role_Name(policy.least_role())));
  }
  if (Admits(policy, Policy::DEVICE)) add("the device itself");
  return "Who may call: " + who + ".";
}

std::set<std::string> NamesOf(const Route& route) {
  std::set<std::string> names;
  for (const FieldPath& path : route.variables) names.insert(FieldPathName(path));
  return names;
}

json Parameters(const Route& route, Schemas& schemas) {
  json parameters = json::array();
  const auto in_path = NamesOf(route);
  for (const FieldPath& path : route.variables) {
    parameters.push_back({{"name", FieldPathName(path)},
                          {"in", "path"},
                          {"required", true},
                          {"schema", schemas.OfField(path.back())}});
  }
  if (!route.has_body) {
    const auto* const request = route.method->descriptor->input_type();
    for (int i = 0; i < request->field_count(); ++i) {
      const FieldDescriptor* const field = request->field(i);
      if (in_path.count(field->name()) || !IsTextField(field)) continue;
      parameters.push_back(
          {{"name", field->name()}, {"in", "query"}, {"schema", schemas.OfField(field)}});
    }
  }
  if (route.verb != Verb::kGet) {
    parameters.push_back(
        {{"name", "Idempotency-Key"},
         {"in", "header"},
         {"description", "Repeating the request with the same key has one effect and one answer."},
         {"schema", {{"type", "string"}, {"maxLength", 255}}}});
  }
  return parameters;
}

json Responses(const Route& route, Schemas& schemas) {
  const auto* const answer = route.method->descriptor->output_type();
  json responses = json::object();
  if (answer->full_name() == "google.protobuf.Empty") {
    responses["204"] = {{"description", "Done."}};
  } else {
    responses[route.method->policy->creates() ? "201" : "200"] = {
        {"description", "Done."},
        {"content", {{"application/json", {{"schema", schemas.Refer(answer)}}}}}};
  }
  responses["default"] = {{"$ref", "#/components/responses/Problem"}};
  return responses;
}

json Operation(const Route& route, Schemas& schemas) {
  const auto* const method = route.method->descriptor;
  const std::string comment = CommentOf(method);
  json operation = {{"operationId", absl::StrCat(TagOf(method), "_", method->name())},
                    {"tags", {TagOf(method)}},
                    {"summary", FirstSentence(comment)},
                    {"description", comment + "\n\n" + WhoMay(*route.method->policy)},
                    {"parameters", Parameters(route, schemas)},
                    {"responses", Responses(route, schemas)}};
  if (route.has_body) {
    operation["requestBody"] = {
        {"required", true},
        {"content",
         {{"application/json",
           {{"schema", route.body_field != nullptr
                           ? schemas.OfField(route.body_field)
                           : schemas.Object(method->input_type(), NamesOf(route))}}}}}};
  }
  if (Admits(*route.method->policy, Policy::ANONYMOUS)) operation["security"] = json::array();
  return operation;
}

std::string LowerVerb(Verb verb) {
  std::string text(VerbName(verb));
  std::transform(text.begin(), text.end(), text.begin(), ::tolower);
  return text;
}

}  // namespace

std::string OpenApiDocument(const Router& router) {
  Schemas schemas;
  json paths = json::object(), tags = json::object();
  for (const Route& route : router.routes()) {
    paths[route.path.ToString()][LowerVerb(route.verb)] = Operation(route, schemas);
    const auto* const service = route.method->descriptor->service();
    tags[TagOf(route.method->descriptor)] = CommentOf(service);
  }
  json tag_list = json::array();
  for (const auto& [name, comment] : tags.items()) {
    tag_list.push_back({{"name", name}, {"description", comment}});
  }
  json all = schemas.All();
  all["Problem"] = ProblemSchema();
  const json document = {
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "CartWise Cloud"},
        {"version", "1"},
        {"description",
         "Rents shopping carts: a phone number, a lock that opens, proof that it "
         "did. The same calls exist over gRPC."}}},
      {"jsonSchemaDialect", "https://json-schema.org/draft/2020-12/schema"},
      {"servers", {{{"url", "/"}}}},
      {"security", {{{"bearerAuth", json::array()}}}},
      {"tags", tag_list},
      {"paths", paths},
      {"components",
       {{"schemas", all},
        {"responses",
         {{"Problem",
           {{"description", "It did not work; see `code`."},
            {"content",
             {{"application/problem+json",
               {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}}}}},
        {"securitySchemes",
         {{"bearerAuth", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}}}}}}};
  return document.dump();
}

}  // namespace cartwise::gateway
