// Every method of every contract, called by everybody who must not: generated
// from the descriptors, so a new method without a case fails here.

#include <catch2/catch.hpp>

#include <fstream>
#include <set>

#include <absl/time/clock.h>

#include "cartwise/base/ids.hpp"
#include "cartwise/base/text.hpp"
#include "cartwise/options/v1/policy.pb.h"
#include "e2e/the_fleet.hpp"
#include "harness/grpc_caller.hpp"
#include "harness/shopper.hpp"

namespace cartwise::fleet {
namespace {

using options::v1::Policy;

Json Cases() {
  std::ifstream file(CARTWISE_E2E_CASES);
  return Json::parse(file);
}

const std::string kTomorrow = ToRfc3339(absl::Now() + absl::Hours(24));
constexpr char kOneScope[] = "branches:read";

/// Every scope that some method asks for.
Json AllScopes() {
  GrpcCaller grpc(TheFleet().grpc_port(), TheFleet().ca());
  std::set<std::string> scopes;
  for (const auto* method : grpc.Methods()) scopes.insert(grpc.PolicyOf(*method).scope());
  scopes.erase("");
  return scopes;
}

Answer MakeKey(Chain& chain, const Json& scopes) {
  Answer made = chain.owner->Post(
      "/api/api-keys",
      {{"name", "wall"}, {"role", "OWNER"}, {"scopes", scopes}, {"expires_at", kTomorrow}});
  REQUIRE(made.status == 201);
  return made;
}

struct Walls {
  Chain ours{TheFleet()};
  Chain theirs{TheFleet()};
  Rack rack{TheFleet(), ours, {.carts = 2}};
  Rack other_rack{TheFleet(), ours, {.carts = 1}};
  Rack their_rack{TheFleet(), theirs, {.carts = 1}};
  std::map<std::string, std::string> tokens;
  std::map<std::string, std::string> ids;

  Walls() {
    const Answer rental = rack.Assign(NewPhone());
    REQUIRE(rental.ok());
    const Json carts = rack.Carts();
    const Json commands =
        ours.owner->Get("/api/devices/" + rack.device_id() + "/commands").body["commands"];
    const Json keys = ours.owner->Get(rack.Path("/enrollment-keys")).body["enrollment_keys"];
    ids = {{"chain", ours.id},
           {"branch", rack.branch_id()},
           {"device", rack.device_id()},
           {"controller", carts[0]["controller_id"]},
           {"cart", carts[1]["id"]},
           {"rental", rental.body["id"]},
           {"command", commands[0]["id"]},
           {"key", rack.enrollment_key()},
           {"key_id", keys[0]["id"]},
           {"user", ours.owner->Get("/api/auth/me").body["user_id"]},
           {"api_key", MakeKey(ours, {kOneScope}).body["id"]}};
    tokens = {
        {"anonymous", ""},
        {"other chain's admin", theirs.Staff(TheFleet(), "ADMIN").token()},
        {"other chain's shopper", Shopper(TheFleet(), their_rack, NewPhone()).SignIn().token()},
        {"shopper", Shopper(TheFleet(), rack, NewPhone()).SignIn().token()},
        {"viewer", ours.Staff(TheFleet(), "VIEWER").token()},
        {"operator", ours.Staff(TheFleet(), "OPERATOR").token()},
        {"admin", ours.Staff(TheFleet(), "ADMIN").token()},
        {"platform", TheFleet().platform().token()},
        {"operator of another branch",
         ours.Staff(TheFleet(), "OPERATOR", {other_rack.branch_id()}).token()},
        {"device", other_rack.DeviceToken()},
        {"API key without the scope", MakeKey(ours, {kOneScope}).body["key"]},
        {"other chain's API key", MakeKey(theirs, AllScopes()).body["key"]},
    };
  }

  // "{branch}" -> its id.
  std::string Fill(std::string text) const {
    for (const auto& [name, id] : ids) {
      for (size_t at; (at = text.find("{" + name + "}")) != std::string::npos;) {
        text.replace(at, name.size() + 2, id);
      }
    }
    for (size_t at; (at = text.find("{tomorrow}")) != std::string::npos;) {
      text.replace(at, 10, kTomorrow);
    }
    for (size_t at; (at = text.find("{new}")) != std::string::npos;) text.replace(at, 5, NewUuid());
    return text;
  }

  // Everything of our chain that a refused call might have changed.
  std::string Fingerprint() const {
    std::string print;
    for (const char* table :
         {"tenant.chains", "tenant.branches", "tenant.users", "tenant.enrollment_keys",
          "tenant.api_keys", "device.devices", "device.controllers", "device.commands",
          "rental.carts", "rental.rentals"}) {
      const auto rows = TheFleet().database.Sql(
          "SELECT coalesce(md5(string_agg(row, '|' ORDER BY row)), '') AS print FROM (SELECT "
          "(to_jsonb(t) - '{last_used_at,last_heartbeat}'::text[])::text AS row FROM " +
          std::string(table) + " t WHERE chain_id = '" + ours.id + "') AS rows");
      print += rows.front().Text("print") + " ";
    }
    return print;
  }
};

bool Has(const Policy& policy, Policy::Principal principal) {
  const auto& all = policy.principals();
  return std::find(all.begin(), all.end(), principal) != all.end();
}

// What each must hear; empty where the call is theirs to make.
std::set<std::string> Refusals(const Policy& policy, const std::string& who, bool names_ours) {
  const bool staff = Has(policy, Policy::STAFF);
  if (policy.internal()) return {"UNIMPLEMENTED"};
  if (who == "anonymous") {
    if (Has(policy, Policy::ANONYMOUS)) return {};
    return {"UNAUTHENTICATED"};
  }
  if (who == "device") {
    if (!Has(policy, Policy::DEVICE)) return {"PERMISSION_DENIED"};
    if (names_ours) return {"NOT_FOUND"};
    return {};
  }
  if (who == "shopper" || who == "other chain's shopper") {
    if (!Has(policy, Policy::SHOPPER)) return {"PERMISSION_DENIED"};
    if (names_ours) return {"NOT_FOUND", "INVALID_ARGUMENT", "PERMISSION_DENIED"};
    return {};
  }
  if (!staff) return {"PERMISSION_DENIED"};
  if (who == "API key without the scope") {
    if (policy.scope() != kOneScope) return {"PERMISSION_DENIED"};
    return {};
  }
  if (who == "other chain's API key") {
    if (policy.scope().empty() || policy.least_role() > Policy::OWNER) return {"PERMISSION_DENIED"};
    if (names_ours) return {"NOT_FOUND"};
    return {};
  }
  static const std::map<std::string, Policy::Role> kOurStaff = {
      {"viewer", Policy::VIEWER},
      {"operator", Policy::OPERATOR},
      {"admin", Policy::ADMIN},
      {"platform", Policy::PLATFORM_ADMIN}};
  if (const auto role = kOurStaff.find(who); role != kOurStaff.end()) {
    if (policy.least_role() > role->second) return {"PERMISSION_DENIED"};
    return {};
  }
  const auto own_role = who == "other chain's admin" ? Policy::ADMIN : Policy::OPERATOR;
  if (policy.least_role() > own_role) return {"PERMISSION_DENIED", "NOT_FOUND"};
  if (names_ours) return {"NOT_FOUND"};
  return {};
}

// Whom a method is for, as tests/e2e/cases.json says it once more: what is loosened by mistake
// in a contract would otherwise be expected, too.
std::string Callers(const Policy& policy) {
  if (policy.internal()) return "services";
  std::string callers;
  for (const int principal : policy.principals()) {
    if (!callers.empty()) callers += ", ";
    callers += Policy::Principal_Name(Policy::Principal(principal));
    if (principal == Policy::STAFF) callers += " from " + Policy::Role_Name(policy.least_role());
  }
  return callers;
}

bool IsEmptyList(const Json& body) {
  return body.contains("next_page_token") &&
         std::all_of(body.begin(), body.end(), [](const Json& value) {
           return value.is_array() ? value.empty() : value == "";
         });
}

TEST_CASE("every method refuses everybody it is not for", "[e2e][walls]") {
  Walls walls;
  const Json cases = Cases();
  GrpcCaller grpc(TheFleet().grpc_port(), TheFleet().ca());
  const std::string before = walls.Fingerprint();

  int calls = 0;
  for (const auto* method : grpc.Methods()) {
    const std::string name(method->full_name());
    INFO(name << " has no case in tests/e2e/cases.json");
    REQUIRE(cases.contains(name));
    const Policy policy = grpc.PolicyOf(*method);
    CHECK(Callers(policy) == cases[name]["callers"]);
    const std::string pattern = cases[name]["request"].dump(), request = walls.Fill(pattern);
    const bool names_ours = request != pattern && !Has(policy, Policy::ANONYMOUS);
    for (const auto& [who, token] : walls.tokens) {
      auto expected = Refusals(policy, who, names_ours);
      // A chain's own things may be looked at from any of its branches.
      const bool chain_wide = who == "operator of another branch" && !policy.chain_field().empty();
      if (expected.empty() || (chain_wide && policy.least_role() <= Policy::OPERATOR)) continue;
      const GrpcAnswer answer = grpc.Call(*method, request, token);
      ++calls;
      // A service that keeps no branches lists nothing for a foreign one, as
      // for an absent one.
      if (answer.code == "OK" && expected.count("NOT_FOUND") == 1 && IsEmptyList(answer.body)) {
        continue;
      }
      INFO(name << " by " << who << " answered " << answer.code << ": " << answer.message);
      CHECK(expected.count(answer.code) == 1);
    }
  }

  CHECK(calls > 400);
  CHECK(walls.Fingerprint() == before);
}

// Every method that staff of another chain may call answers for our ids as for some that
// do not exist.
void CheckAsAbsent(Walls& walls, const Json& cases, GrpcCaller& grpc) {
  const std::string before = walls.Fingerprint();
  std::map<std::string, std::string> absent = walls.ids;
  for (auto& [name, id] : absent) id = NewUuid();

  int compared = 0;
  for (const auto* method : grpc.Methods()) {
    const std::string name(method->full_name());
    const Policy policy = grpc.PolicyOf(*method);
    if (policy.internal() || !Has(policy, Policy::STAFF) || policy.least_role() > Policy::ADMIN) {
      continue;
    }
    const std::string pattern = cases[name]["request"].dump();
    const std::string& token = walls.tokens["other chain's admin"];
    const GrpcAnswer foreign = grpc.Call(*method, walls.Fill(pattern), token);
    std::swap(walls.ids, absent);
    const GrpcAnswer none = grpc.Call(*method, walls.Fill(pattern), token);
    std::swap(walls.ids, absent);
    if (foreign.code == "OK" && !IsEmptyList(foreign.body)) continue;  // names nothing of ours
    CAPTURE(name, foreign.message, none.message);
    CHECK(foreign.code == none.code);
    CHECK(foreign.message == none.message);
    CHECK(foreign.body == none.body);
    ++compared;
  }
  CHECK(compared > 40);
  CHECK(walls.Fingerprint() == before);
}

TEST_CASE("lists show a stranger nothing of ours", "[e2e][walls]") {
  Walls walls;
  const Json cases = Cases();
  GrpcCaller grpc(TheFleet().grpc_port(), TheFleet().ca());
  std::map<std::string, int> answers;
  int told_to_us = 0;
  for (const auto* method : grpc.Methods()) {
    const std::string name(method->full_name());
    const Policy policy = grpc.PolicyOf(*method);
    if (policy.internal() || !Has(policy, Policy::STAFF) || !policy.idempotent()) continue;
    if (policy.rate() != Policy::READ) continue;
    for (const char* who : {"other chain's admin", "other chain's API key"}) {
      const GrpcAnswer answer =
          grpc.Call(*method, walls.Fill(cases[name]["request"].dump()), walls.tokens[who]);
      INFO(name << " by " << who << ": " << answer.code << " " << answer.body.dump());
      CHECK((answer.code == "OK" || answer.code == "NOT_FOUND" ||
             answer.code == "PERMISSION_DENIED"));
      ++answers[answer.code];
      for (const auto& [what, id] : walls.ids) {
        CHECK(answer.body.dump().find(id) == std::string::npos);
      }
    }
    const std::string own =
        grpc.Call(*method, walls.Fill(cases[name]["request"].dump()), walls.ours.owner->token())
            .body.dump();
    told_to_us += std::any_of(walls.ids.begin(), walls.ids.end(), [&](const auto& each) {
      return own.find(each.second) != std::string::npos;
    });
  }
  CHECK(answers["OK"] > 0);
  CHECK(answers["NOT_FOUND"] > 10);
  CHECK(told_to_us > 15);
  CheckAsAbsent(walls, cases, grpc);
}

}  // namespace
}  // namespace cartwise::fleet
