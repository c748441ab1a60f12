#include <absl/time/clock.h>
#include <catch2/catch.hpp>

#include "cartwise/base/text.hpp"
#include "e2e/the_fleet.hpp"
#include "harness/grpc_caller.hpp"
#include "harness/rack.hpp"

namespace cartwise::fleet {
namespace {

struct Integration {
  Chain chain{TheFleet()};
  Rack rack{TheFleet(), chain, {.carts = 2}};
  Rest admin = chain.Staff(TheFleet(), "ADMIN");
  GrpcCaller grpc{TheFleet().grpc_port(), TheFleet().ca()};

  Answer Make(const Json& scopes, const std::string& role = "OPERATOR") {
    Answer made =
        admin.Post("/api/api-keys", {{"name", "till"},
                                     {"role", role},
                                     {"branch_ids", {rack.branch_id()}},
                                     {"scopes", scopes},
                                     {"expires_at", ToRfc3339(absl::Now() + absl::Hours(1))}});
    INFO(made.text);
    REQUIRE(made.status == 201);
    return made;
  }
  Rest With(const Answer& made) { return Rest(admin.base(), made.body["key"]); }
  std::string ListOverGrpc(const std::string& key) {
    for (const auto* method : grpc.Methods()) {
      if (method->full_name() != "cartwise.rental.v1.CartService.ListCarts") continue;
      return grpc.Call(*method, Json{{"branch_id", rack.branch_id()}}.dump(), key).code;
    }
    return "no such method";
  }
};

TEST_CASE("a program rents and returns with an API key, over REST and gRPC", "[e2e]") {
  Integration f;
  const Answer made = f.Make({"rentals:read", "rentals:write"});
  Rest program = f.With(made);

  const Answer rental = f.rack.Assign(program, NewPhone());

  INFO(rental.text);
  REQUIRE(rental.status == 200);
  CHECK(f.rack.board().Pulses().size() == 1);
  CHECK(program.Get(f.rack.Path("/rentals/active")).body["rentals"].size() == 1);
  CHECK(f.ListOverGrpc(made.body["key"]) == "OK");
  const Json commands =
      f.admin.Get("/api/devices/" + f.rack.device_id() + "/commands").body["commands"];
  CHECK(commands.dump().find("key:" + made.body["id"].get<std::string>()) != std::string::npos);
  const Json seen = f.admin.Get("/api/api-keys/" + made.body["id"].get<std::string>()).body;
  CHECK(seen["key"] == "");
  CHECK(seen.contains("last_used_at"));
}

TEST_CASE("an API key without a scope is refused, and no key reaches people or keys", "[e2e]") {
  Integration f;
  const Answer made = f.Make({"rentals:read"}, "ADMIN");
  Rest program = f.With(made);

  CHECK(program.Get(f.rack.Path("/carts")).status == 200);
  const Answer refused = f.rack.Assign(program, NewPhone());
  CHECK(refused.status == 403);
  CHECK(refused.code() == "SCOPE_MISSING");
  CHECK(program.Get("/api/users").code() == "NOT_ALLOWED");
  CHECK(program.Get("/api/api-keys").code() == "NOT_ALLOWED");
  CHECK(program.Get("/api/auth/sessions").code() == "NOT_ALLOWED");
  CHECK(f.rack.board().Pulses().empty());

  const Answer unknown = f.admin.Post("/api/api-keys", {{"name", "x"},
                                                        {"role", "VIEWER"},
                                                        {"scopes", {"users:write"}},
                                                        {"expires_at", "2100-01-01T00:00:00Z"}});
  CHECK(unknown.status == 400);
  CHECK(unknown.text.find("rentals:read") != std::string::npos);
}

}  // namespace
}  // namespace cartwise::fleet
