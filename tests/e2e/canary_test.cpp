// A phone and secrets that occur nowhere else go through everything people do;
// then tables, logs and metrics are searched for every spelling of them.

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/time/clock.h>

#include "cartwise/auth/secrets.hpp"
#include "cartwise/base/text.hpp"
#include "e2e/the_fleet.hpp"
#include "harness/shopper.hpp"

namespace cartwise::fleet {
namespace {

// What may be found nowhere.
struct Canary {
  std::string name;
  std::vector<std::string> forms;
  bool alone = false;  ///< so short that it may occur within something else
};

// Base64 of `text` wherever it stands in what was encoded, in both alphabets.
std::vector<std::string> Base64Forms(const std::string& text) {
  std::vector<std::string> forms;
  for (size_t before = 0; before < 3; ++before) {
    const std::string encoded = absl::Base64Escape(std::string(before, 'x') + text);
    // The characters that the neighbours have a part in are left out.
    const size_t first = before == 0 ? 0 : before + 1;
    const size_t whole = (before + text.size()) / 3 * 4;
    forms.push_back(encoded.substr(first, whole - first));
    forms.push_back(absl::StrReplaceAll(forms.back(), {{"+", "-"}, {"/", "_"}}));
  }
  return forms;
}

Canary Secret(const std::string& name, const std::string& text) {
  Canary canary{name, Base64Forms(text), false};
  canary.forms.push_back(text);
  canary.forms.push_back(HexEncode(text));
  return canary;
}

// `digits`: the nine after the country code; every spelling without dashes holds them.
Canary PhoneCanary(const std::string& digits) {
  Canary canary = Secret("phone", digits);
  for (const char* mark : {"-", " ", "%20"}) {
    canary.forms.push_back(
        absl::StrCat(digits.substr(0, 2), mark, digits.substr(2, 3), mark, digits.substr(5)));
    canary.forms.push_back(absl::StrCat(digits.substr(0, 2), mark, digits.substr(2)));
  }
  return canary;
}

bool StandsAlone(const std::string& text, size_t at, size_t size) {
  const auto part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '.'; };
  return !(at > 0 && (part(text[at - 1]) || text[at - 1] == '-' || text[at - 1] == '_')) &&
         !(at + size < text.size() && (part(text[at + size]) || text[at + size] == '-'));
}

// What stands around the first find; empty when there is none.
std::string Find(const std::string& text, const Canary& canary) {
  for (const std::string& form : canary.forms) {
    for (size_t at = text.find(form); at != text.npos; at = text.find(form, at + 1)) {
      if (canary.alone && !StandsAlone(text, at, form.size())) continue;
      const size_t begin = at < 80 ? 0 : at - 80;
      return text.substr(begin, form.size() + 160);
    }
  }
  return "";
}

// Name and content of everything that is kept or shown to operators.
std::vector<std::pair<std::string, std::string>> Everything(Fleet& fleet) {
  std::vector<std::pair<std::string, std::string>> all;
  const auto tables = fleet.database.Sql(
      "SELECT c.oid::regclass::text AS name FROM pg_class c "
      "JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> "
      "'information_schema'");
  for (const auto table : tables) {
    const auto rows = fleet.database.Sql("SELECT t::text AS row FROM " + table.Text("name") + " t");
    std::string& text = all.emplace_back("table " + table.Text("name"), "").second;
    for (const auto row : rows) text += row.Text("row") + "\n";
  }
  for (const auto& file : std::filesystem::directory_iterator(fleet.folder())) {
    if (file.path().extension() != ".log") continue;
    std::ostringstream text;
    text << std::ifstream(file.path()).rdbuf();
    all.emplace_back("log " + file.path().filename().string(), text.str());
  }
  for (const char* service :
       {"tenant-svc", "device-svc", "rental-svc", "telemetry-svc", "gateway-svc"}) {
    Rest probe("http://127.0.0.1:" + std::to_string(fleet.PortOf(std::string(service) + "-probe")));
    const Answer metrics = probe.Get("/metrics");
    REQUIRE(metrics.ok());
    all.emplace_back(std::string("metrics of ") + service, metrics.text);
  }
  return all;
}

// What a plain hash of AssignCartRequest, kept to know a repeat, would be: with
// it a phone is found by trying all numbers.
std::string HashOfAssignment(const std::string& branch, const std::string& phone,
                             const std::string& notes) {
  std::string bytes;
  char tag = 0x0a;
  for (const std::string& field : {branch, phone, notes}) {
    bytes += tag;
    bytes += static_cast<char>(field.size());
    bytes += field;
    tag += 8;
  }
  return auth::Sha256Hex(bytes);
}

constexpr char kDigits[] = "507193826";
constexpr char kPhone[] = "+972507193826";
constexpr char kPassword[] = "Zanzibar-quilt-9371-password";
constexpr char kWrongPassword[] = "Zanzibar-quilt-9371-not-it";

// Takes and brings back, as shopper and as staff, with and without Idempotency-Key.
void Rent(Rack& rack, Chain& chain, Rest& me) {
  const Json by_phone = {{"user_phone", "050-719-3826"}, {"notes", "left at the desk"}};
  const Answer first = me.Post(rack.Path("/carts/assign"), Json::object(), "canary-1");
  REQUIRE(first.ok());
  CHECK(me.Post(rack.Path("/carts/assign"), {{"user_phone", kPhone}}).status == 409);
  CHECK(rack.Assign(*chain.owner, kPhone).code() == "SHOPPER_HAS_RENTAL");
  CHECK(me.Post(rack.Path("/carts/return"), {{"user_phone", kPhone}}).status == 409);
  rack.board().Do("push " + rack.PlaceOf(first.body["cart_id"]));
  rack.WaitRental(first.body["id"], "RETURNED");

  for (const char* key : {"canary-2", "canary-2"}) {
    CHECK(chain.owner->Post(rack.Path("/carts/assign"), by_phone, key).body["user_phone"] ==
          kPhone);
  }
  const Json end = {{"user_phone", "0507193826"}, {"reason", "left outside"}};
  for (const char* key : {"canary-3", "canary-3"}) {
    const Answer ended = chain.owner->Post(rack.Path("/carts/return"), end, key);
    INFO(ended.text);
    CHECK(ended.body["user_phone"] == kPhone);
  }
  const Answer third = rack.Assign(*chain.owner, kPhone, "canary-4");
  REQUIRE(third.ok());
  const std::string force =
      "/api/rentals/" + third.body["id"].get<std::string>() + "/force-complete";
  for (const char* key : {"canary-5", "canary-5"}) {
    CHECK(chain.owner->Post(force, {{"reason", "gone"}}, key).body["user_phone"] == kPhone);
  }
}

// What people and programs get wrong, with the phone in every place.
void Stumble(Rack& rack, Chain& chain, Rest& me) {
  Rest& owner = *chain.owner;
  Rest anonymous = TheFleet().Anonymous();
  const std::string phone = kPhone;
  CHECK(owner.Post(rack.Path("/rentals/history/search"), {{"user_phone", "+972507193826"}}).ok());
  CHECK(owner.Get(rack.Path("/rentals/history?user_phone=0507193826")).status == 400);
  CHECK(owner.Get("/api/rentals/" + phone).status == 400);
  CHECK(owner.Get("/api/rentals/0507193826/50-719-3826").status == 404);
  CHECK(owner.Get("/api/people/%2B972507193826").status == 404);
  CHECK(me.Get("/api/branches/0507193826/rentals/active").status >= 400);
  CHECK(owner.Post(rack.Path("/carts/assign"), {{"phone", phone}}).status == 400);
  CHECK(owner.Post(rack.Path("/carts/assign"), {{"user_phone", {{"number", phone}}}}).status ==
        400);
  CHECK(owner.Post(rack.Path("/carts/assign"), {{"user_phone", phone + "99"}}).status == 400);
  CHECK(
      owner.Send({"POST", rack.Path("/carts/assign"), "{\"user_phone\": \"" + phone, {}}).status ==
      400);
  CHECK(owner.Send({phone, "/api/branches", "", {}}).status >= 400);
  CHECK(owner.Post("/api/branches", {{"name", "b"}, {"branch_code", phone}}).status == 400);
  CHECK(anonymous.Post("/api/auth/otp/request", {{"user_phone", phone}, {"branch_id", phone}})
            .status == 400);
  CHECK(
      anonymous.Post("/api/auth/login", {{"email", phone}, {"password", kWrongPassword}}).status >=
      400);
  Rest forged(anonymous.base(), phone);
  CHECK(forged.Get("/api/me/rentals").status == 401);
  Request traced{"GET", "/api/me/rentals", "", {{"traceparent", "00-" + phone + "-1-01"}}};
  CHECK(me.Send(traced).ok());
}

TEST_CASE("phones and secrets are found in no table, log or metric", "[e2e][canary]") {
  Fleet& fleet = TheFleet();
  Chain chain(fleet);
  Rack rack(fleet, chain);
  std::vector<Canary> canaries = {PhoneCanary(kDigits),
                                  Secret("password", kPassword),
                                  Secret("wrong password", kWrongPassword),
                                  Secret("enrollment key", rack.enrollment_key()),
                                  Secret("device token", rack.DeviceToken()),
                                  Secret("staff token", chain.owner->token())};

  canaries.push_back(
      Secret("unkeyed hash of a phone",
             HashOfAssignment(rack.branch_id(), "050-719-3826", "left at the desk")));

  Shopper shopper(fleet, rack, "050-719-3826");
  REQUIRE(shopper.AskForCode().ok());
  const std::string code = shopper.LastCode();
  CHECK_FALSE(shopper.Verify(code == "000000" ? "000001" : "000000").ok());
  const Answer session = shopper.Verify(code);
  REQUIRE(session.ok());
  CHECK_FALSE(shopper.Verify(code).ok());
  Rest me(fleet.Anonymous().base(), session.body["access_token"]);
  canaries.push_back({"code", {code}, true});
  canaries.push_back(Secret("shopper token", me.token()));

  const std::string tomorrow =
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now() + absl::Hours(24), absl::UTCTimeZone());
  const Answer key = chain.owner->Post("/api/api-keys", {{"name", "till"},
                                                         {"role", "VIEWER"},
                                                         {"scopes", {"branches:read"}},
                                                         {"expires_at", tomorrow}});
  REQUIRE(key.ok());
  Rest till(fleet.Anonymous().base(), key.body["key"]);
  CHECK(till.Get("/api/branches").ok());
  canaries.push_back(Secret("API key", till.token()));

  const std::string email = "canary@" + chain.slug + ".test";
  const Answer user = chain.owner->Post(
      "/api/users",
      {{"email", email}, {"name", "Canary"}, {"password", kPassword}, {"role", "VIEWER"}},
      "c-user");
  REQUIRE(user.ok());
  const Answer signed_in =
      fleet.Anonymous().Post("/api/auth/login", {{"email", email}, {"password", kPassword}});
  REQUIRE(signed_in.ok());
  canaries.push_back(Secret("refresh token", signed_in.body["refresh_token"]));
  Rest viewer = fleet.SignIn(email, kPassword);
  const Json wrong = {{"email", email}, {"password", kWrongPassword}};
  CHECK(fleet.Anonymous().Post("/api/auth/login", wrong).status == 401);
  const std::string user_path = "/api/users/" + user.body["id"].get<std::string>();
  const Answer link = chain.owner->Post(user_path + "/password-link", Json::object(), "c-link");
  INFO(link.text);
  REQUIRE(link.ok());
  canaries.push_back(Secret("password link", link.body["secret"]));

  Rent(rack, chain, me);
  Stumble(rack, chain, me);
  CHECK(viewer.Get(rack.Path("/rentals/history")).body["rentals"][0]["user_phone"] ==
        "+972*****26");
  CHECK(viewer.Post(rack.Path("/rentals/history/search"), {{"user_phone", "0507193826"}}).status ==
        403);
  CHECK(me.Get("/api/me/personal-data").body["user_phone"] == kPhone);
  CHECK(chain.owner->Post("/api/personal-data/export", {{"user_phone", kPhone}}, "c-export").ok());
  // Events reach the record in their own time.
  REQUIRE(Eventually([&] {
    const auto told = fleet.database.Sql(
        "SELECT count(*) AS n FROM telemetry.events WHERE event_type = 'rental.returned' AND "
        "chain_id = '" +
        chain.id + "'");
    return told.front().Int("n") >= 3;
  }));

  for (const auto& [where, text] : Everything(fleet)) {
    for (const Canary& canary : canaries) {
      INFO(canary.name << " in " << where << ": " << Find(text, canary));
      CHECK(Find(text, canary).empty());
    }
  }
}

}  // namespace
}  // namespace cartwise::fleet
