#include "routing/router.hpp"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <catch2/catch.hpp>

#include "cartwise/testing/status.hpp"
#include "routing/test_contracts.hpp"

namespace cartwise::gateway {
namespace {

std::string Find(const Router& router, std::optional<Verb> verb, const std::string& path) {
  const std::vector<std::string> segments = absl::StrSplit(path, '/');
  const Router::Match match = router.Find(verb, segments);
  if (match.route != nullptr) return match.route->method->descriptor->name();
  std::string allowed;
  for (const Verb known : match.allowed)
    absl::StrAppend(&allowed, std::string(VerbName(known)), " ");
  return allowed.empty() ? "none" : allowed;
}

/// A method with this REST rule and a policy that lets staff in.
std::string Rpc(const std::string& name, const std::string& rule,
                const std::string& policy = "principals: [STAFF]") {
  return absl::StrCat("rpc ", name, "(Thing) returns (Thing) { option (google.api.http) = {", rule,
                      "}; option (cartwise.options.v1.policy) = {", policy, "}; }");
}

std::string Refusal(const std::string& methods) {
  const auto contracts = ContractsOf(methods);
  if (!contracts.ok()) return std::string(contracts.status().message());
  const auto router = Router::Build(**contracts);
  return router.ok() ? "served" : std::string(router.status().message());
}

TEST_CASE("every method of the fleet with a REST face has a route") {
  const Router& router = FleetRouter();
  CHECK(Find(router, Verb::kGet, "api/branches/b/carts") == "ListCarts");
  CHECK(Find(router, Verb::kPost, "api/branches/b/carts") == "CreateCarts");
  CHECK(Find(router, Verb::kPost, "api/branches/b/carts/assign") == "AssignCart");
  CHECK(Find(router, Verb::kPost, "api/branches/b/carts/c/unlock") == "UnlockCart");
  CHECK(Find(router, Verb::kGet, "api/branches/b/rentals/active") == "ListActiveRentals");
  CHECK(router.routes().size() >= 50);
}

TEST_CASE("a path answers which verbs it knows, an unknown path none") {
  const Router& router = FleetRouter();
  CHECK(Find(router, Verb::kDelete, "api/branches") == "GET POST ");
  CHECK(Find(router, std::nullopt, "api/branches/b") == "GET PUT DELETE ");
  CHECK(Find(router, Verb::kGet, "api/nothing") == "none");
  CHECK(Find(router, Verb::kGet, "api") == "none");
  CHECK(Find(router, Verb::kGet, "api/branches/b/carts/c/unlock/more") == "none");
}

TEST_CASE("a literal wins over a variable, unless it lacks the verb") {
  const auto contracts =
      ContractsOf(Rpc("Special", "get: \"/a/special\"") + Rpc("One", "get: \"/a/{id}\"") +
                  Rpc("Change", "put: \"/a/{id}\" body: \"*\""));
  REQUIRE_OK(contracts);
  const auto router = Router::Build(**contracts);
  REQUIRE_OK(router);
  CHECK(Find(**router, Verb::kGet, "a/special") == "Special");
  CHECK(Find(**router, Verb::kGet, "a/other") == "One");
  CHECK(Find(**router, Verb::kPut, "a/special") == "Change");
}

TEST_CASE("additional bindings are routes too") {
  const auto contracts =
      ContractsOf(Rpc("One", "get: \"/a/{id}\" additional_bindings { get: \"/b/{inner.name}\" }"));
  REQUIRE_OK(contracts);
  const auto router = Router::Build(**contracts);
  REQUIRE_OK(router);
  CHECK(Find(**router, Verb::kGet, "b/x") == "One");
}

TEST_CASE("internal methods are nowhere") {
  const Contracts& contracts = FleetContracts();
  CHECK(contracts.Find("/cartwise.device.v1.CommandExecutionService/Execute") == nullptr);
  CHECK(contracts.Find("/cartwise.device.v1.AgentService/Control") != nullptr);
  CHECK(contracts.areas() == std::vector<std::string>{"device", "rental", "telemetry", "tenant"});
}

TEST_CASE("rules that cannot be served are refused, each by name") {
  using Catch::Matchers::Contains;
  CHECK(Refusal(Rpc("Ok", "get: \"/a/{id}\"")) == "served");
  CHECK_THAT(Refusal("rpc Bare(Thing) returns (Thing);"), Contains("Bare has no policy"));
  CHECK_THAT(Refusal(Rpc("In", "get: \"/a\"", "principals: [SERVICE] internal: true")),
             Contains("is internal and has a REST face"));
  CHECK_THAT(Refusal(Rpc("Nobody", "get: \"/a\"", "rate: READ")), Contains("nobody satisfies"));
  CHECK_THAT(Refusal(Rpc("A", "get: \"/a/{id}\"") + Rpc("B", "get: \"/a/{number}\"")),
             Contains("GET /a/{number} is taken by cartwise.probe.v1.ProbeService.A"));
  CHECK_THAT(Refusal(Rpc("A", "get: \"/a/{nope}\"")), Contains("{nope} is no field"));
  CHECK_THAT(Refusal(Rpc("A", "get: \"/a/{tags}\"")), Contains("no single scalar field"));
  CHECK_THAT(Refusal(Rpc("A", "get: \"/a/{inner}\"")), Contains("no single scalar field"));
  CHECK_THAT(Refusal(Rpc("A", "post: \"/a\" body: \"nope\"")), Contains("neither *"));
  CHECK_THAT(Refusal(Rpc("A", "post: \"/a\" body: \"id\"")), Contains("neither *"));
  CHECK_THAT(Refusal(Rpc("A", "get: \"/a\" body: \"*\"")), Contains("have no body"));
  CHECK_THAT(Refusal(Rpc("A", "get: \"/a\" response_body: \"id\"")), Contains("response_body"));
  CHECK_THAT(Refusal(Rpc("A", "custom { kind: \"LIST\" path: \"/a\" }")), Contains("custom verbs"));
  CHECK_THAT(Refusal("rpc S(stream Thing) returns (Thing) { option (google.api.http) = {get: "
                     "\"/a\"}; option (cartwise.options.v1.policy) = {principals: [STAFF]}; }"),
             Contains("a stream has no REST face"));
  CHECK_THAT(Refusal(Rpc("A", "get: \"/a/{nope}\"") + Rpc("B", "get: \"b\"")),
             Contains("ProbeService.A") && Contains("ProbeService.B"));
}

}  // namespace
}  // namespace cartwise::gateway
