#include <absl/time/clock.h>
#include <catch2/catch.hpp>

#include "cartwise/base/text.hpp"
#include "e2e/the_fleet.hpp"
#include "harness/rack.hpp"
#include "harness/shopper.hpp"

namespace cartwise::fleet {
namespace {

constexpr char kPassword[] = "a password of this test";
// What must have ended everywhere has ended within this.
constexpr int kPromptly = 5;

struct Ending {
  Chain chain{TheFleet()};
  std::string email = "dana@" + chain.slug + ".test";
  std::string id = Create();
  Rest dana = TheFleet().SignIn(email, kPassword);

  std::string Create() {
    const Answer made = chain.owner->Post(
        "/api/users",
        {{"email", email}, {"name", "Dana"}, {"password", kPassword}, {"role", "ADMIN"}});
    REQUIRE(made.ok());
    return made.body["id"];
  }
  Rest Key() {
    const Answer made =
        dana.Post("/api/api-keys", {{"name", "till"},
                                    {"role", "ADMIN"},
                                    {"scopes", {"branches:read", "branches:write"}},
                                    {"expires_at", ToRfc3339(absl::Now() + absl::Hours(1))}});
    REQUIRE(made.status == 201);
    return Rest(dana.base(), made.body["key"]);
  }
  static bool Hears(Rest& who, const std::string& path, const std::string& code) {
    return Eventually([&] { return who.Get(path).code() == code; }, kPromptly);
  }
};

TEST_CASE("a revoked API key is refused within seconds, also where it was just in use", "[e2e]") {
  Ending f;
  Rest program = f.Key();
  const Answer used = program.Get("/api/branches");
  INFO(used.text);
  REQUIRE(used.ok());

  const std::string key_id = f.dana.Get("/api/api-keys").body["api_keys"][0]["id"];
  REQUIRE(f.dana.Delete("/api/api-keys/" + key_id).ok());

  CHECK(f.Hears(program, "/api/branches", "API_KEY_INVALID"));
}

TEST_CASE("an API key loses what its maker loses, and ends when they leave", "[e2e]") {
  Ending f;
  Rest program = f.Key();
  const Json branch = {{"name", "b"}, {"branch_code", "b"}};
  REQUIRE(program.Post("/api/branches", branch).status == 201);

  REQUIRE(f.chain.owner->Put("/api/users/" + f.id, {{"role", "VIEWER"}}).ok());
  CHECK(Eventually([&] { return program.Post("/api/branches", branch).code() == "NOT_ALLOWED"; },
                   kPromptly));
  CHECK(program.Get("/api/branches").ok());
  REQUIRE(f.chain.owner->Delete("/api/users/" + f.id).ok());
  CHECK(f.Hears(program, "/api/branches", "API_KEY_INVALID"));
}

TEST_CASE("an access token of a sign-in that ended is refused, one of another is not", "[e2e]") {
  Ending f;
  Rest elsewhere = TheFleet().SignIn(f.email, kPassword);
  const Json sign_ins = f.dana.Get("/api/auth/sessions").body["sign_ins"];
  REQUIRE(sign_ins.size() == 2);

  // The newest first: that is the one from elsewhere.
  const std::string id = sign_ins[0]["id"];
  REQUIRE(f.dana.Post("/api/auth/sessions/" + id + "/end", {{"password", kPassword}}).ok());

  CHECK(f.Hears(elsewhere, "/api/auth/me", "TOKEN_REVOKED"));
  CHECK(elsewhere.Get("/api/auth/me").status == 401);
  CHECK(f.dana.Get("/api/auth/me").ok());
}

TEST_CASE("a shopper who signs out is refused within seconds, on that phone alone", "[e2e]") {
  Ending f;
  Rack rack(TheFleet(), f.chain, {.carts = 1});
  const std::string phone = NewPhone();
  Rest here = Shopper(TheFleet(), rack, phone).SignIn();
  Rest stranger = Shopper(TheFleet(), rack, NewPhone()).SignIn();
  REQUIRE(here.Get("/api/me/rentals").ok());

  REQUIRE(here.Post("/api/auth/otp/logout", Json::object()).ok());

  CHECK(f.Hears(here, "/api/me/rentals", "TOKEN_REVOKED"));
  CHECK(stranger.Get("/api/me/rentals").ok());
}

TEST_CASE("who changes their password hears it, and their old tokens are refused", "[e2e]") {
  Ending f;

  const Answer changed =
      f.dana.Post("/api/auth/password",
                  {{"old_password", kPassword}, {"new_password", "another long password"}});

  INFO(changed.text);
  REQUIRE(changed.status == 200);
  CHECK(f.Hears(f.dana, "/api/auth/me", "TOKEN_REVOKED"));
  Rest anew(f.dana.base(), changed.body["access_token"]);
  CHECK(anew.Get("/api/auth/me").ok());
}

TEST_CASE("a token that was made before a role was taken is refused", "[e2e]") {
  Ending f;
  REQUIRE(f.chain.owner->Put("/api/users/" + f.id, {{"role", "VIEWER"}}).ok());

  CHECK(f.Hears(f.dana, "/api/auth/me", "TOKEN_REVOKED"));
}

struct Connected {
  Chain chain{TheFleet()};
  Rack rack{TheFleet(), chain, {.carts = 1}};

  /// Of the device's stream; empty while there is none.
  std::string Stream() {
    const auto rows = TheFleet().database.Sql(
        "SELECT coalesce(stream_id::text, '') AS stream FROM device.streams WHERE device_id = '" +
        rack.device_id() + "'");
    return rows.front().Text("stream");
  }
};

TEST_CASE("a token that staff replaced is worth nothing; with the new one the device comes back",
          "[e2e]") {
  Connected f;
  REQUIRE_FALSE(f.Stream().empty());
  Rest device(TheFleet().Anonymous().base(), f.rack.DeviceToken());
  const std::string path = "/api/devices/" + f.rack.device_id();

  const Answer rotated = f.chain.owner->Post(path + "/rotate-token", Json::object());
  REQUIRE(rotated.ok());

  CHECK(Eventually([&] { return f.Stream().empty(); }, kPromptly));
  CHECK(device.Post(path + "/rotate-token", Json::object()).status == 401);
  f.rack.agent().Kill();
  f.rack.PutDeviceToken(rotated.body["device_token"]);
  f.rack.StartAgent();
  CHECK(f.rack.WaitOnline());
}

TEST_CASE("a device's stream ends when it is quarantined, and stays away", "[e2e]") {
  Connected f;
  const Answer device = f.chain.owner->Get("/api/devices/" + f.rack.device_id());

  // A second claim of a known address.
  Rest stranger = TheFleet().Anonymous();
  stranger.Post("/api/devices/register", {{"enrollment_key", f.rack.enrollment_key()},
                                          {"device_name", "thief"},
                                          {"mac_address", device.body["mac_address"]}});

  CHECK(Eventually([&] { return f.Stream().empty(); }, kPromptly));
  const Answer after = f.chain.owner->Get("/api/devices/" + f.rack.device_id());
  CHECK(after.body["lifecycle"] == "QUARANTINED");
  CHECK(after.body["status"] == "OFFLINE");
}

}  // namespace
}  // namespace cartwise::fleet
