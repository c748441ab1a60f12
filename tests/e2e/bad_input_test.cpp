#include <catch2/catch.hpp>

#include "cartwise/base/ids.hpp"
#include "e2e/the_fleet.hpp"

namespace cartwise::fleet {
namespace {

// A problem that tells what happened and nothing about the inside.
void CheckProblem(const Answer& answer, int status, const std::string& code) {
  INFO(answer.text);
  CHECK(answer.status == status);
  CHECK(answer.code() == code);
  CHECK(answer.headers.at("content-type") == "application/problem+json");
  for (const char* leak : {"SELECT", "postgres", "pqxx", "/work", ".cpp", "libpq", "grpc"}) {
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

TEST_CASE("a 10 MB body is refused without being taken in", "[e2e]") {
  Chain chain(TheFleet());
  const Answer answer =
      chain.owner->Send({"POST", "/api/branches", std::string(10'000'000, 'x'), {}});
  CHECK(answer.status == 413);
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

  CHECK(theirs.owner->Get("/api/branches/" + rack.branch_id()).body["name"] != "mine now");
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
