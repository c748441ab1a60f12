#include "openapi/document.hpp"

#include <set>

#include <absl/strings/ascii.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "routing/test_contracts.hpp"

namespace cartwise::gateway {
namespace {

using Json = nlohmann::json;

const Json& Document() {
  static const Json document = Json::parse(OpenApiDocument(FleetRouter()));
  return document;
}

void CollectReferences(const Json& node, std::set<std::string>& found) {
  if (node.is_object() && node.contains("$ref")) found.insert(node["$ref"].get<std::string>());
  if (!node.is_structured()) return;
  for (const Json& child : node) CollectReferences(child, found);
}

TEST_CASE("every method with a REST face is described") {
  CHECK(Document()["openapi"] == "3.1.0");
  std::set<std::string> ids;
  for (const Route& route : FleetRouter().routes()) {
    CAPTURE(route.label, VerbName(route.verb));
    const std::string verb = absl::AsciiStrToLower(std::string(VerbName(route.verb)));
    const Json& operation = Document()["paths"].at(route.label).at(verb);
    // A second path of one method has the service before its name.
    const std::string id = operation["operationId"];
    CHECK(ids.insert(id).second);
    CHECK(id.ends_with(route.method->descriptor->name()));
    CHECK(operation["summary"].get<std::string>().size() > 5);
    CHECK(operation["summary"].get<std::string>().find('\n') == std::string::npos);
    // More than what we add ourselves to every one.
    CHECK_FALSE(operation["description"].get<std::string>().starts_with("May call"));
    CHECK(operation["tags"].size() == 1);
    CHECK(operation["responses"].contains("default"));
    CHECK(operation.contains("requestBody") == route.has_body);
  }
}

TEST_CASE("a file is described as bytes, not as JSON") {
  const Json& answer = Document()["paths"]["/api/audit/export"]["get"]["responses"]["200"];
  REQUIRE(answer["content"].size() == 1);
  CHECK(answer["content"]["*/*"]["schema"]["format"] == "binary");
}

TEST_CASE("everything referred to is there") {
  std::set<std::string> references;
  CollectReferences(Document(), references);
  CHECK(references.size() > 20);
  for (const std::string& reference : references) {
    CAPTURE(reference);
    CHECK(Document().contains(Json::json_pointer(reference.substr(1))));
  }
}

TEST_CASE("an operation tells its parameters, body, answers and who may call") {
  const Json& create = Document()["paths"]["/api/branches/{branch_id}/carts"]["post"];
  CHECK(create["parameters"][0]["name"] == "branch_id");
  CHECK(create["parameters"][0]["in"] == "path");
  CHECK(create["parameters"][1]["$ref"] == "#/components/parameters/IdempotencyKey");
  const Json& body = create["requestBody"]["content"]["application/json"];
  CHECK_FALSE(body["schema"]["properties"].contains("branch_id"));
  CHECK(body["schema"]["properties"].contains("cart_number"));
  CHECK(body["schema"]["required"] == Json({"controller_id", "cart_number", "locker_id"}));
  CHECK(body["example"]["cart_number"] == 1);
  CHECK(create["responses"].contains("201"));
  CHECK(create["security"] == Json::parse(R"([{"bearerAuth": []}])"));

  const Json& list = Document()["paths"]["/api/branches/{branch_id}/rentals/history"]["get"];
  std::set<std::string> names;
  for (const Json& parameter : list["parameters"]) names.insert(parameter["name"]);
  CHECK(names == std::set<std::string>{"branch_id", "page_size", "page_token", "status", "cart_id",
                                       "from", "until"});

  const Json& remove = Document()["paths"]["/api/branches/{branch_id}/carts/{id}"]["delete"];
  CHECK(remove["responses"].contains("204"));
  const Json& login = Document()["paths"]["/api/auth/login"]["post"];
  CHECK(login["security"][0] == Json::object());
}

TEST_CASE("types look as they do on the wire") {
  const Json& schemas = Document()["components"]["schemas"];
  const Json& rental = schemas["rental.Rental"]["properties"];
  CHECK(rental["start_time"]["format"] == "date-time");
  CHECK(rental["cart_number"]["type"] == "integer");
  CHECK(rental["cart_number"]["description"] == "What to look for on the rack.");
  CHECK(schemas["rental.Rental.Status"]["enum"][1] == "OPENING");
  CHECK(schemas["telemetry.TelemetryRecord"]["properties"]["event_data"]["type"] == "object");
  CHECK(schemas.contains("Problem"));
}

}  // namespace
}  // namespace cartwise::gateway
