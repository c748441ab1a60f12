#include "transcoding/request.hpp"

#include <absl/strings/str_cat.h>
#include <catch2/catch.hpp>

#include "cartwise/testing/status.hpp"
#include "routing/test_contracts.hpp"
#include "transcoding/json_writer.hpp"

namespace cartwise::gateway {
namespace {

std::string Written(const google::protobuf::Message& message) {
  JsonLayouts layouts;
  return WriteJson(*layouts.Add(message.GetDescriptor()), message.SerializeAsString()).value();
}

struct Probe {
  explicit Probe(const std::string& rule)
      : contracts(
            ContractsOf(absl::StrCat("rpc Do(Thing) returns (Thing) { option (google.api.http) = {",
                                     rule,
                                     "}; option (cartwise.options.v1.policy) = {principals: "
                                     "[STAFF]}; }"))
                .value()),
        router(Router::Build(*contracts).value()),
        thing(contracts->methods()[0].request->New()) {}

  absl::Status Fill(RestRequest request) {
    thing->Clear();
    return FillRequest(router->routes()[0], request, *thing);
  }
  /// The field at fault, or the reason.
  std::string Fault(RestRequest request) {
    const absl::Status status = Fill(std::move(request));
    const auto fields = errors::Fields(status);
    return fields.empty() ? errors::Reason(status) : fields[0].first + ": " + fields[0].second;
  }
  std::string Text(const std::string& field) {
    return GetAsText(*thing, FindFieldPath(thing->GetDescriptor(), field));
  }

  std::unique_ptr<Contracts> contracts;
  std::unique_ptr<Router> router;
  std::unique_ptr<google::protobuf::Message> thing;
};

TEST_CASE("a query sets fields of every kind") {
  Probe probe("get: \"/a/{id}\"");
  REQUIRE_OK(probe.Fill({{"x"},
                         {{"number", "-7"},
                          {"tags", "a"},
                          {"tags", "b"},
                          {"color", "RED"},
                          {"inner.name", "n"},
                          {"inner.deeper.count", "3"},
                          {"at", "2026-01-31T12:00:00Z"},
                          {"span", "1.5s"},
                          {"flag", "true"},
                          {"maybe", "0"},
                          {"colors", "BLUE"}},
                         ""}));
  CHECK(probe.Text("id") == "x");
  CHECK(probe.Text("number") == "-7");
  CHECK(probe.Text("inner.deeper.count") == "3");
  CHECK(Written(*probe.thing).find("\"tags\":[\"a\",\"b\"]") != std::string::npos);
  CHECK(Written(*probe.thing).find("\"at\":\"2026-01-31T12:00:00Z\",\"span\":\"1.500s\"") !=
        std::string::npos);
  CHECK(IsSet(*probe.thing, FindFieldPath(probe.thing->GetDescriptor(), "maybe")));
}

TEST_CASE("a query that cannot be bound is refused by its name") {
  Probe probe("get: \"/a/{id}\"");
  const auto [name, text, fault] = GENERATE(table<std::string, std::string, std::string>({
      {"nope", "1", "nope: is not known"},
      {"inner.nope", "1", "inner.nope: is not known"},
      {"inner", "1", "inner: is not known"},
      {"inners.name", "1", "inners.name: is not known"},
      {"counts", "1", "counts: is not known"},
      {"data", "{}", "data: is not known"},
      {"id", "y", "id: is not known"},
      {"", "y", ": is not known"},
      {"number", "x", "number: must be a whole number of 32 bits"},
      {"number", "", "number: must be a whole number of 32 bits"},
      {"flag", "1", "flag: must be true or false"},
      {"color", "GREEN", "color: must be one of COLOR_UNSPECIFIED, RED, BLUE"},
      {"at", "now", "at: must be a time in RFC 3339, 2026-01-31T12:00:00Z"},
  }));
  CAPTURE(name, text);
  CHECK(probe.Fault({{"x"}, {{name, text}}, ""}) == fault);
  CHECK(probe.Fault({{"x"}, {{"number", "1"}, {"number", "2"}}, ""}) == "number: comes twice");
}

TEST_CASE("what must not stand in a URL is set by a body only") {
  Probe get("get: \"/a/{id}\"");
  CHECK(get.Fault({{"x"}, {{"hidden", "0501234567"}}, ""}) ==
        "hidden: must not stand in a URL; send it in a body");
  Probe post("post: \"/a/{id}\" body: \"*\"");
  REQUIRE_OK(post.Fill({{"x"}, {}, R"({"hidden": "0501234567"})"}));
  CHECK(post.Text("hidden") == "0501234567");
}

TEST_CASE("a body must not differ from the path") {
  Probe probe("post: \"/a/{id}/{number}\" body: \"*\"");
  REQUIRE_OK(probe.Fill({{"x", "5"}, {}, R"({"flag": true})"}));
  CHECK(probe.Text("id") == "x");
  CHECK(probe.Text("flag") == "true");
  REQUIRE_OK(probe.Fill({{"x", "5"}, {}, R"({"id": "x", "number": 5})"}));
  REQUIRE_OK(probe.Fill({{"x", "5"}, {}, ""}));
  CHECK(probe.Fault({{"x", "5"}, {}, R"({"id": "y"})"}) == "id: differs from the one in the path");
  CHECK(probe.Fault({{"x", "5"}, {}, R"({"number": 6})"}) ==
        "number: differs from the one in the path");
  CHECK(probe.Fault({{"x", "no"}, {}, ""}) == "number: must be a whole number of 32 bits");
  CHECK(probe.Fault({{"x", "5"}, {{"flag", "true"}}, ""}) == "flag: is not known");
}

TEST_CASE("a body may be one field, the query then sets the others") {
  Probe probe("put: \"/a/{id}\" body: \"inner\"");
  REQUIRE_OK(probe.Fill({{"x"}, {{"number", "4"}}, R"({"name": "n"})"}));
  CHECK(probe.Text("inner.name") == "n");
  CHECK(probe.Text("number") == "4");
  CHECK(probe.Fault({{"x"}, {{"inner.name", "m"}}, "{}"}) == "inner.name: is not known");
  CHECK(probe.Fault({{"x"}, {}, R"({"id": "y"})"}) == "id: is not known");
}

TEST_CASE("a call without a body takes none") {
  Probe probe("delete: \"/a/{id}\"");
  CHECK(probe.Fault({{"x"}, {}, "{}"}) == "UNEXPECTED_BODY");
}

}  // namespace
}  // namespace cartwise::gateway
