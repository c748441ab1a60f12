#include "openapi/document.hpp"

#include <algorithm>
#include <set>

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include "http/problem.hpp"
#include "openapi/schemas.hpp"
#include "transcoding/request.hpp"

namespace cartwise::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using options::v1::Policy;

constexpr char kAbout[] =
    "Rents shopping carts: chains, branches, devices, carts and rentals.\n\n"
    "Send `Authorization: Bearer <access_token>` from `POST /api/auth/login`, or an API key from "
    "`POST /api/api-keys` in its place. Every write takes an `Idempotency-Key`: the same key again "
    "gives the same answer and changes nothing. Errors "
    "are `application/problem+json` with a stable `code`. Lists page by `page_token`. The same "
    "calls exist over gRPC.";

/// What a person reads first: the comment up to its first full stop.
std::string Summary(const std::string& comment) {
  const std::string line =
      absl::StrReplaceAll(comment.substr(0, comment.find("\n\n")), {{"\n", " "}});
  return line.substr(0, std::min(line.find(". "), line.find_last_not_of('.') + 1));
}

OrderedJson Text(const char* description) {
  return {{"type", "string"}, {"description", description}};
}

OrderedJson ProblemSchema() {
  const OrderedJson fault = {{"type", "object"},
                             {"properties",
                              {{"field", Text("Path of the field, `events[2].occurred_at`.")},
                               {"message", Text("What is wrong with it.")}}}};
  return {{"type", "object"},
          {"description", "RFC 9457 problem. Branch on `code`; read `detail`."},
          {"required", {"type", "title", "status", "detail", "instance", "code", "trace_id"}},
          {"properties",
           {{"type", Text("Always about:blank.")},
            {"title", Text("The HTTP status in words.")},
            {"status", {{"type", "integer"}, {"description", "The HTTP status."}}},
            {"detail", Text("What happened and what to do, for a person.")},
            {"instance", Text("Path of the request.")},
            {"code", Text("Stable reason in upper snake case, such as NO_FREE_CART.")},
            {"trace_id", Text("Finds the request in the logs.")},
            {"errors",
             {{"type", "array"}, {"items", fault}, {"description", "Every field at fault."}}}}},
          {"additionalProperties", true}};
}

OrderedJson ProblemResponse(const char* description) {
  return {
      {"description", description},
      {"content",
       {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}};
}

OrderedJson Components(const Schemas& schemas) {
  OrderedJson components;
  components["schemas"] = schemas.Collected();
  components["schemas"]["Problem"] = ProblemSchema();
  components["responses"]["Problem"] = ProblemResponse("The call was refused or failed.");
  components["parameters"]["IdempotencyKey"] = {
      {"name", "Idempotency-Key"},
      {"in", "header"},
      {"description",
       "Makes the call safe to repeat: 1 to 255 printable characters, bare or in quotes."},
      {"schema", {{"type", "string"}, {"minLength", 1}, {"maxLength", 255}}},
      {"example", "9f2c6d6a-1c1b-4a52-9d3e-6f0a6f6f3b11"}};
  components["securitySchemes"]["bearerAuth"] = {
      {"type", "http"},
      {"scheme", "bearer"},
      {"bearerFormat", "JWT"},
      {"description", "The access token of a person, a shopper or a device, or an API key."}};
  return components;
}

/// Anybody, a token, or either.
OrderedJson SecurityOf(const Policy& policy) {
  OrderedJson security = OrderedJson::array();
  for (const int principal : policy.principals()) {
    if (principal == Policy::ANONYMOUS) security.push_back(OrderedJson::object());
  }
  if (policy.principals_size() > static_cast<int>(security.size())) {
    security.push_back({{"bearerAuth", OrderedJson::array()}});
  }
  return security;
}

std::string WhoMayCall(const Policy& policy) {
  std::string text;
  for (const int principal : policy.principals()) {
    const std::string name =
        absl::AsciiStrToLower(Policy::Principal_Name(static_cast<Policy::Principal>(principal)));
    absl::StrAppend(&text, text.empty() ? "" : ", ", name);
    if (principal == Policy::STAFF && policy.least_role() != Policy::ROLE_UNSPECIFIED) {
      absl::StrAppend(&text, " from ", Policy::Role_Name(policy.least_role()));
    }
  }
  if (!policy.scope().empty()) {
    absl::StrAppend(&text, ", API key with the scope `", policy.scope(), "`");
  }
  return text;
}

/// Describes one route after the other into `paths`.
class PathsWriter {
 public:
  void Add(const Route& route);

  OrderedJson paths = OrderedJson::object();
  OrderedJson tags = OrderedJson::array();
  Schemas schemas;

 private:
  OrderedJson Parameters(const Route& route);
  OrderedJson Parameter(const char* in, const std::string& name, const FieldDescriptor* field);
  void AddQuery(const Route& route, const Descriptor* type, FieldPath& prefix, OrderedJson& out);
  OrderedJson RequestBody(const Route& route);
  OrderedJson Responses(const Route& route);
  std::string OperationId(const Route& route);
  void AddTag(const google::protobuf::ServiceDescriptor* service);

  std::set<std::string> operation_ids_;
  std::set<std::string> tag_names_;
};

void PathsWriter::Add(const Route& route) {
  const auto* method = route.method->descriptor;
  const std::string comment = CommentOf(method);
  AddTag(method->service());
  OrderedJson operation;
  operation["operationId"] = OperationId(route);
  operation["tags"] = {method->service()->name()};
  operation["summary"] = Summary(comment);
  operation["description"] = absl::StrCat(comment, comment.empty() ? "" : "\n\n",
                                          "May call: ", WhoMayCall(*route.method->policy),
                                          ".\n\ngRPC: `", method->full_name(), "`.");
  if (OrderedJson parameters = Parameters(route); !parameters.empty()) {
    operation["parameters"] = std::move(parameters);
  }
  if (route.has_body) operation["requestBody"] = RequestBody(route);
  operation["responses"] = Responses(route);
  operation["security"] = SecurityOf(*route.method->policy);
  paths[route.label][absl::AsciiStrToLower(std::string(VerbName(route.verb)))] =
      std::move(operation);
}

std::string PathsWriter::OperationId(const Route& route) {
  const auto* method = route.method->descriptor;
  std::string id = method->name();
  if (!operation_ids_.insert(id).second) id = method->service()->name() + "_" + id;
  while (!operation_ids_.insert(id).second && id != method->name()) id += "_";
  return id;
}

void PathsWriter::AddTag(const google::protobuf::ServiceDescriptor* service) {
  if (!tag_names_.insert(service->name()).second) return;
  tags.push_back({{"name", service->name()}, {"description", CommentOf(service)}});
}

OrderedJson PathsWriter::Parameter(const char* in, const std::string& name,
                                   const FieldDescriptor* field) {
  OrderedJson schema = schemas.Of(field);
  OrderedJson parameter = {{"name", name}, {"in", in}};
  if (schema.contains("description")) {
    parameter["description"] = schema["description"];
    schema.erase("description");
  }
  const bool path = std::string_view(in) == "path";
  if (path) parameter["required"] = true;
  parameter["schema"] = std::move(schema);
  if (path) parameter["example"] = Schemas::ExampleOf(field);
  return parameter;
}

OrderedJson PathsWriter::Parameters(const Route& route) {
  OrderedJson parameters = OrderedJson::array();
  for (const FieldPath& variable : route.variables) {
    parameters.push_back(Parameter("path", FieldPathName(variable), variable.back()));
  }
  FieldPath prefix;
  AddQuery(route, route.method->descriptor->input_type(), prefix, parameters);
  if (route.verb != Verb::kGet) {
    parameters.push_back({{"$ref", "#/components/parameters/IdempotencyKey"}});
  }
  return parameters;
}

void PathsWriter::AddQuery(const Route& route, const Descriptor* type, FieldPath& prefix,
                           OrderedJson& out) {
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    // A message that holds itself has no end.
    if (std::find(prefix.begin(), prefix.end(), field) != prefix.end()) continue;
    prefix.push_back(field);
    if (IsQueryField(route, prefix)) {
      out.push_back(Parameter("query", FieldPathName(prefix), field));
    } else if (field->message_type() != nullptr && !field->is_repeated() &&
               !field->message_type()->full_name().starts_with("google.")) {
      AddQuery(route, field->message_type(), prefix, out);
    }
    prefix.pop_back();
  }
}

OrderedJson PathsWriter::RequestBody(const Route& route) {
  const Descriptor* type = route.method->descriptor->input_type();
  OrderedJson content;
  if (route.body_field != nullptr) {
    content = {{"schema", schemas.Of(route.body_field)},
               {"example", Schemas::ExampleOf(route.body_field)}};
  } else {
    std::vector<const FieldDescriptor*> fields;
    OrderedJson example = OrderedJson::object();
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldPath path = {type->field(i)};
      if (std::find(route.variables.begin(), route.variables.end(), path) !=
          route.variables.end()) {
        continue;
      }
      fields.push_back(type->field(i));
      example[type->field(i)->name()] = Schemas::ExampleOf(type->field(i));
    }
    OrderedJson schema = schemas.ObjectOf(fields);
    schema["additionalProperties"] = false;
    content = {{"schema", std::move(schema)}, {"example", std::move(example)}};
  }
  return {{"content", {{"application/json", std::move(content)}}}};
}

OrderedJson PathsWriter::Responses(const Route& route) {
  OrderedJson responses;
  const Descriptor* type = route.method->descriptor->output_type();
  if (type->full_name() == "google.protobuf.Empty") {
    responses["204"] = {{"description", "Done."}};
  } else if (route.method->AnswersFile()) {
    responses["200"] = {
        {"description", "The file."},
        {"content", {{"*/*", {{"schema", {{"type", "string"}, {"format", "binary"}}}}}}}};
  } else {
    const bool creates = route.method->policy->creates();
    responses[creates ? "201" : "200"] = {
        {"description", creates ? "Made." : "Done."},
        {"content",
         {{"application/json",
           {{"schema", schemas.Of(type)}, {"example", Schemas::ExampleOf(type)}}}}}};
  }
  responses["default"] = {{"$ref", "#/components/responses/Problem"}};
  return responses;
}

/// /health is the gateway's own; no contract tells of it.
OrderedJson HealthPath() {
  return {{"get",
           {{"operationId", "GetHealth"},
            {"tags", {"Health"}},
            {"summary", "Tells whether the service works"},
            {"description", "Tells whether the service and the parts behind it can be reached."},
            {"responses",
             {{"200",
               {{"description", "The state of each part."},
                {"content",
                 {{"application/json",
                   {{"schema",
                     {{"type", "object"},
                      {"properties",
                       {{"status", {{"type", "string"}, {"enum", {"ok", "degraded"}}}},
                        {"upstreams",
                         {{"type", "object"},
                          {"additionalProperties",
                           {{"type", "string"}, {"enum", {"ok", "unreachable"}}}}}}}}}}}}}}}}}},
            {"security", OrderedJson::array({OrderedJson::object()})}}}};
}

}  // namespace

std::string OpenApiDocument(const Router& router) {
  PathsWriter writer;
  for (const Route& route : router.routes()) writer.Add(route);
  writer.paths["/health"] = HealthPath();
  writer.tags.push_back({{"name", "Health"}, {"description", "Whether it works."}});
  OrderedJson document;
  document["openapi"] = "3.1.0";
  document["jsonSchemaDialect"] = "https://spec.openapis.org/oas/3.1/dialect/base";
  document["info"] = {{"title", "CartWise Cloud"}, {"version", "1"}, {"description", kAbout}};
  document["servers"] = OrderedJson::array({OrderedJson{{"url", "/"}}});
  document["tags"] = std::move(writer.tags);
  document["paths"] = std::move(writer.paths);
  document["components"] = Components(writer.schemas);
  return document.dump();
}

}  // namespace cartwise::gateway
