#include <catch2/catch.hpp>

#include <cctype>
#include <vector>

#include "cartwise/base/ids.hpp"
#include "e2e/the_fleet.hpp"
#include "harness/grpc_caller.hpp"

namespace cartwise::fleet {
namespace {

// A problem that tells what happened and nothing about the inside.
void CheckProblem(const Answer& answer, int status, const std::string& code) {
  INFO(answer.text);
  CHECK(answer.status == status);
  CHECK(answer.code() == code);
  CHECK(answer.headers.at("content-type") == "application/problem+json");
  for (const char* leak : {"SELECT", "postgres", "libpq", ".cpp", "services/", "grpc"}) {
    CHECK(answer.text.find(leak) == std::string::npos);
  }
}

TEST_CASE("each kind of bad body is a clear problem and writes nothing", "[e2e]") {
  Chain chain(TheFleet());
  const auto send = [&](const std::string& body) {
    return chain.owner->Send({"POST", "/api/branches", body, {}});
  };

  CheckProblem(send("{\"name\": "), 400, "INVALID_JSON");
  CheckProblem(send("[1, 2]"), 400, "INVALID_JSON");
  CheckProblem(send(""), 400, "INVALID_FIELD");
  CheckProblem(send(R"({"name": 7, "branch_code": {"a": 1}})"), 400, "INVALID_FIELD");
  CheckProblem(send(R"({"name": "x", "branch_code": "x", "owner": "me"})"), 400, "INVALID_FIELD");
  CheckProblem(send(R"({"name": "x", "branch_code": "no spaces!"})"), 400, "INVALID_FIELD");
  CheckProblem(send(std::string(200'000, '[')), 400, "INVALID_JSON");
  CheckProblem(send("{\"name\": \"\xff\xfe\", \"branch_code\": \"x\"}"), 400, "INVALID_JSON");

  CHECK(chain.owner->Get("/api/branches").body["branches"].empty());
}

// Every route that takes a body, from the document that tells of them.
std::vector<Request> RoutesWithBody() {
  const Json paths = TheFleet().Anonymous().Get("/api/openapi.json").body["paths"];
  std::vector<Request> routes;
  for (const auto& [path, methods] : paths.items()) {
    for (const auto& [method, about] : methods.items()) {
      if (!about.contains("requestBody")) continue;
      std::string filled = path;
      for (size_t at; (at = filled.find('{')) != std::string::npos;) {
        filled.replace(at, filled.find('}') - at + 1, NewUuid());
      }
      std::string name = method;
      for (char& c : name) c = char(std::toupper(c));
      routes.push_back({name, filled, "", {}});
    }
  }
  return routes;
}

TEST_CASE("no route takes what is no JSON object or has fields nobody knows", "[e2e]") {
  Chain chain(TheFleet());
  const std::vector<Request> routes = RoutesWithBody();
  REQUIRE(routes.size() > 25);
  int judged = 0;
  for (Request route : routes) {
    CAPTURE(route.method, route.path);
    for (const auto& [body, code] :
         {std::pair("{\"a\": ", "INVALID_JSON"), std::pair("[1, 2]", "INVALID_JSON"),
          std::pair("{\"no_such_field\": 1}", "INVALID_FIELD")}) {
      route.body = body;
      const Answer answer = chain.owner->Send(route);
      // Who may not call it at all is told so first.
      if (answer.status == 403) continue;
      CheckProblem(answer, 400, code);
      ++judged;
    }
  }
  CHECK(judged > 60);
}

TEST_CASE("a 10 MB body is refused without being taken in", "[e2e]") {
  Chain chain(TheFleet());
  CheckProblem(chain.owner->Send({"POST", "/api/branches", std::string(10'000'000, 'x'), {}}), 413,
               "BODY_TOO_LARGE");
  CHECK(chain.owner->Get("/api/branches").body["branches"].empty());
}

TEST_CASE("over gRPC a number that an enum does not name is refused", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain, {.carts = 1});
  GrpcCaller grpc(TheFleet().grpc_port(), TheFleet().ca());
  for (const auto* method : grpc.Methods()) {
    if (method->full_name() != "cartwise.rental.v1.RentalService.ListRentalHistory") continue;
    const GrpcAnswer answer =
        grpc.Call(*method, Json{{"branch_id", rack.branch_id()}, {"status", 100}}.dump(),
                  chain.owner->token());
    INFO(answer.message);
    CHECK(answer.code == "INVALID_ARGUMENT");
  }
  CHECK(chain.owner->Get(rack.Path("/rentals/history")).ok());
}

TEST_CASE("a foreign id answers exactly as an absent one", "[e2e]") {
  Chain ours(TheFleet()), theirs(TheFleet());
  Rack rack(TheFleet(), theirs, {.carts = 1});
  const Answer rental = rack.Assign(NewPhone());
  REQUIRE(rental.ok());
  const std::string absent = NewUuid();
  const auto same = [&](const std::string& method, const std::string& before,
                        const std::string& foreign, const std::string& after, const Json& body) {
    const std::string text = body.is_null() ? "" : body.dump();
    Answer a = ours.owner->Send({method, before + foreign + after, text, {}});
    Answer b = ours.owner->Send({method, before + absent + after, text, {}});
    CAPTURE(method, before, after, a.text, b.text);
    CHECK(a.status == 404);
    CHECK(a.status == b.status);
    for (Answer* answer : {&a, &b}) {
      answer->body.erase("trace_id");
      answer->body.erase("instance");
    }
    CHECK(a.body == b.body);
  };

  const std::string cart = rental.body["cart_id"];
  same("GET", "/api/chains/", theirs.id, "", nullptr);
  same("PUT", "/api/chains/", theirs.id, "", {{"name", "mine now"}});
  same("GET", "/api/branches/", rack.branch_id(), "", nullptr);
  same("PUT", "/api/branches/", rack.branch_id(), "", {{"name", "mine now"}});
  same("DELETE", "/api/branches/", rack.branch_id(), "", nullptr);
  same("GET", "/api/devices/", rack.device_id(), "", nullptr);
  same("PUT", "/api/devices/", rack.device_id(), "", {{"device_name", "mine now"}});
  same("GET", "/api/devices/", rack.device_id(), "/controllers", nullptr);
  same("POST", "/api/devices/", rack.device_id(), "/commands",
       {{"kind", "lock.unlock"}, {"purpose", "mine now"}, {"arguments", Json::object()}});
  same("GET", "/api/rentals/", rental.body["id"], "", nullptr);
  same("POST", "/api/rentals/", rental.body["id"], "/force-complete", {{"reason", "mine now"}});
  same("GET", "/api/branches/", rack.branch_id(), "/carts", nullptr);
  same("POST", "/api/branches/", rack.branch_id(), "/carts/assign", {{"user_phone", NewPhone()}});
  same("GET", "/api/branches/", rack.branch_id(), "/rentals/active", nullptr);
  same("POST", "/api/branches/" + rack.branch_id() + "/carts/", cart, "/unlock",
       {{"reason", "mine now"}});

  const Answer branch = theirs.owner->Get("/api/branches/" + rack.branch_id());
  REQUIRE(branch.ok());
  CHECK(branch.body["name"] != "mine now");
  CHECK(rack.board().Pulses().size() == 1);
  CHECK(rack.WaitRental(rental.body["id"], "ACTIVE")["status"] == "ACTIVE");
}

TEST_CASE("unknown routes, methods, queries and tokens are told apart", "[e2e]") {
  Chain chain(TheFleet());
  CheckProblem(chain.owner->Get("/api/nothing"), 404, "ROUTE_NOT_FOUND");
  CheckProblem(chain.owner->Send({"DELETE", "/api/branches", "", {}}), 405, "METHOD_NOT_ALLOWED");
  CheckProblem(chain.owner->Get("/api/branches?colour=red"), 400, "INVALID_FIELD");
  CheckProblem(chain.owner->Get("/api/branches?page_size=-1"), 400, "INVALID_FIELD");
  CheckProblem(chain.owner->Get("/api/branches?page_token=xyz"), 400, "INVALID_FIELD");
  CheckProblem(chain.owner->Get("/api/branches/not-a-uuid"), 400, "INVALID_FIELD");
  CheckProblem(TheFleet().Anonymous().Get("/api/branches"), 401, "SIGN_IN_REQUIRED");
  Rest forged(chain.owner->base(), chain.owner->token() + "x");
  CheckProblem(forged.Get("/api/branches"), 401, "BAD_TOKEN");
}

}  // namespace
}  // namespace cartwise::fleet
