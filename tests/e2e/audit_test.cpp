// The audit log as its readers see it, and the promise that nothing is missing.

#include <fstream>
#include <map>
#include <sstream>

#include <absl/strings/str_replace.h>
#include <absl/time/clock.h>
#include <catch2/catch.hpp>

#include "cartwise/auth/totp.hpp"
#include "cartwise/base/ids.hpp"
#include "e2e/the_fleet.hpp"
#include "harness/grpc_caller.hpp"
#include "harness/rack.hpp"
#include "harness/shopper.hpp"

namespace cartwise::fleet {
namespace {

std::string NewTrace() {
  return absl::StrReplaceAll(NewUuid(), {{"-", ""}});
}

std::string Mac(const std::string& uuid) {
  const std::string hex = uuid.substr(uuid.size() - 10);
  std::string mac = "02";
  for (size_t i = 0; i < hex.size(); i += 2) mac += ":" + hex.substr(i, 2);
  return mac;
}

// Entries, newest first, as "action by actor: reason".
std::vector<std::string> Log(Rest& who, const std::string& query) {
  std::vector<std::string> lines;
  const Answer log = who.Get("/api/audit?page_size=200&" + query);
  INFO(log.text);
  CHECK(log.ok());
  for (const Json& entry : log.body["entries"]) {
    std::string line = std::string(entry["action"]) + " by " + std::string(entry["actor"]);
    if (entry["reason"] != "") line += ": " + std::string(entry["reason"]);
    lines.push_back(line);
  }
  return lines;
}

bool Has(const std::vector<std::string>& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

// What the command said, and how it ended.
std::pair<int, std::string> Verify(const std::string& chain) {
  const std::string log = TheFleet().folder() + "/verify-" + NewUuid() + ".log";
  const int code = TheFleet().Command("tenant-svc", {"verify-audit", "--chain", chain}, log);
  std::ostringstream said;
  said << std::ifstream(log).rdbuf();
  return {code, said.str()};
}

TEST_CASE("who opened which lock, why and from where, is in the audit log", "[e2e][audit]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain, {.carts = 3});
  Rest shopper = Shopper(TheFleet(), rack, NewPhone()).SignIn();
  Rest admin = chain.Staff(TheFleet(), "ADMIN");
  const std::string admin_id = admin.Get("/api/auth/me").body["user_id"];

  const Answer rental = rack.Assign(shopper, "");
  INFO(rental.text);
  REQUIRE(rental.ok());
  Json standing;
  for (const Json& cart : rack.Carts()) {
    if (cart["is_locked"] == true) standing = cart;
  }
  const std::string unlock = rack.Path("/carts/" + std::string(standing["id"]) + "/unlock");
  const Answer opened = admin.Post(unlock, {{"reason", "wheel is stuck"}});
  INFO(opened.text);
  REQUIRE(opened.ok());
  for (const Json& cart : rack.Carts()) {
    if (cart["is_locked"] == true) rack.board().Do("force " + rack.PlaceOf(cart["id"]));
  }

  Rest& owner = *chain.owner;
  const std::string by_admin = " by user:" + admin_id;
  CHECK(Eventually([&] {
    return Has(Log(owner, "action=cart"), "cart.forced_open by nobody: opened by force");
  }));
  CHECK(Eventually([&] { return Has(Log(owner, "action=cart"), "cart.unlocked" + by_admin); }));
  CHECK(Has(Log(owner, "actor=user:" + admin_id),
            "cart.unlock_requested" + by_admin + ": wheel is stuck"));
  CHECK(Eventually(
      [&] { return Log(owner, "object_id=" + std::string(rental.body["id"])).size() == 2; }));
  const auto entry_of = [&](const std::string& action) {
    const std::string filters = "&branch_id=" + rack.branch_id();
    return owner.Get("/api/audit?action=" + action + filters).body["entries"][0];
  };
  const Json entry = entry_of("rental.opening");
  CHECK(std::string(entry["actor"]).rfind("shopper:", 0) == 0);
  // The hook may tell of the opening before the call does: who asked stays the same.
  CHECK(entry_of("rental.active")["actor"] == entry["actor"]);
  CHECK(entry["role"] == "SHOPPER");
  CHECK(entry["address"] == "127.0.0.1");
  CHECK(entry["source"] == "rental-svc");
  CHECK(Log(owner, "action=rental&from=2100-01-01T00:00:00Z").empty());

  const auto [code, said] = Verify(chain.id);
  CHECK(code == 0);
  CHECK(said.find("chain " + chain.slug + ": ") != std::string::npos);
  CHECK(said.find("entries, intact") != std::string::npos);
}

TEST_CASE("the log comes as a table too, and a tampered one is found out", "[e2e][audit]") {
  Chain chain(TheFleet());
  Rest& owner = *chain.owner;
  const Answer branch =
      owner.Post("/api/branches", {{"name", "=1+1"}, {"branch_code", "b" + NewUuid().substr(30)}});
  INFO(branch.text);
  REQUIRE(branch.ok());
  REQUIRE(Eventually([&] { return !Log(owner, "action=branch.created").empty(); }));

  const Answer table = owner.Get("/api/audit/export?action=branch");
  CHECK(table.headers.at("content-type") == "text/csv; charset=utf-8");
  CHECK(table.headers.at("content-disposition") == "attachment; filename=\"audit.csv\"");
  CHECK(table.text.rfind("no,occurred_at,recorded_at,action,actor,", 0) == 0);
  CHECK(table.text.find(",branch.created,user:") != std::string::npos);
  const Answer rest = owner.Get("/api/audit/export?before_no=1");
  CHECK(rest.text.find("\r\n") == rest.text.size() - 2);

  Rest operator_ = chain.Staff(TheFleet(), "OPERATOR");
  CHECK(operator_.Get("/api/audit").status == 403);
  CHECK(operator_.Get("/api/audit/export").status == 403);
  CHECK(TheFleet().platform().Get("/api/audit").status == 400);
  CHECK(TheFleet().platform().Get("/api/audit?chain_id=" + chain.id).ok());

  TheFleet().database.Sql(
      "SET session_replication_role = replica; UPDATE tenant.audit_entries SET actor = 'nobody' "
      "WHERE chain_id = '" +
      chain.id + "' AND entry_no = 2");
  const auto [code, said] = Verify(chain.id);
  CHECK(code == 1);
  CHECK(said.find("chain " + chain.slug + ": BROKEN, entry 2 was changed") != std::string::npos);
}

// One success of every method that says of itself that it is audited.
class Deeds {
 public:
  Deeds() : grpc_(TheFleet().grpc_port(), TheFleet().ca()) {
    for (const auto* method : grpc_.Methods()) {
      const auto policy = grpc_.PolicyOf(*method);
      if (policy.audited() && !policy.internal()) missing_[method->name()] = method;
    }
  }

  // Calls a method; its answer.
  Json Do(const std::string& method, const Json& request, const std::string& token) {
    INFO(method << " is not audited, or done already");
    REQUIRE(missing_.contains(method));
    const std::string trace = NewTrace();
    const GrpcAnswer answer = grpc_.Call(*missing_[method], request.dump(), token, trace);
    INFO(method << " answered " << answer.code << ": " << answer.message);
    REQUIRE(answer.code == "OK");
    missing_.erase(method);
    traces_[method] = trace;
    return answer.body;
  }

  std::string Missing() const {
    std::string names;
    for (const auto& [name, method] : missing_) names += name + " ";
    return names;
  }

  // Methods whose call is in no audit log.
  std::string Unwritten() const {
    std::string names;
    for (const auto& [name, trace] : traces_) {
      const auto rows = TheFleet().database.Sql(
          "SELECT count(*) AS n FROM tenant.audit_entries WHERE trace_id = '" + trace + "'");
      if (rows.front().Int("n") == 0) names += name + " ";
    }
    return names;
  }

 private:
  GrpcCaller grpc_;
  std::map<std::string, const google::protobuf::MethodDescriptor*> missing_;
  std::map<std::string, std::string> traces_;
};

// The code that an app shows `steps` from now; no code is good twice.
std::string AppCode(const std::string& base32, int steps = 0) {
  std::string secret;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : base32) {
    bits = bits << 5 | uint32_t(c >= 'A' ? c - 'A' : c - '2' + 26);
    if ((held += 5) >= 8) secret += char(bits >> (held -= 8) & 0xFF);
  }
  return auth::TotpCode(secret, auth::TotpStep(absl::Now()) + steps);
}

void DoToSecondFactors(Deeds& deeds, const std::string& platform, const std::string& user,
                       const Json& proof) {
  Rest anonymous = TheFleet().Anonymous();
  const auto with = [&](const std::string& code) {
    Json request = proof;
    request["code"] = code;
    return request;
  };
  const std::string secret = deeds.Do("BeginSecondFactor", proof, "")["secret"];
  const Json codes = deeds.Do("ConfirmSecondFactor", with(AppCode(secret)), "")["codes"];
  REQUIRE(codes.size() == 10);

  CHECK(anonymous.Post("/api/auth/login", proof).code() == "SECOND_FACTOR_NEEDED");
  CHECK(anonymous.Post("/api/auth/login", with(AppCode(secret, -5))).code() ==
        "SECOND_FACTOR_WRONG");
  CHECK(anonymous.Post("/api/auth/login", with(AppCode(secret, 1))).ok());
  CHECK(anonymous.Post("/api/auth/login", with(codes[0])).ok());
  CHECK(anonymous.Post("/api/auth/login", with(codes[0])).code() == "SECOND_FACTOR_WRONG");

  deeds.Do("RemoveSecondFactor", with(codes[1]), "");
  CHECK(anonymous.Post("/api/auth/login", proof).ok());
  const Answer again = anonymous.Post("/api/auth/second-factor", proof);
  const std::string other = again.body["secret"];
  REQUIRE(anonymous.Post("/api/auth/second-factor/confirm", with(AppCode(other))).ok());
  deeds.Do("RemoveUserSecondFactor", {{"id", user}}, platform);
  CHECK(anonymous.Post("/api/auth/login", proof).ok());
}

void DoToPeople(Deeds& deeds, const std::string& platform, const std::string& chain) {
  const std::string mail = "dana-" + NewUuid() + "@example.test";
  const Json user = deeds.Do(
      "CreateUser", {{"chain_id", chain}, {"email", mail}, {"name", "Dana"}, {"role", "ADMIN"}},
      platform);
  const std::string id = user["id"];
  deeds.Do("UpdateUser", {{"id", id}, {"name", "Dana Levi"}}, platform);
  const Json link = deeds.Do("CreatePasswordLink", {{"id", id}}, platform);
  deeds.Do("SetPassword",
           {{"link_secret", link["secret"]}, {"new_password", "a long enough password"}}, "");
  const std::string token = deeds.Do(
      "Login", {{"email", mail}, {"password", "a long enough password"}}, "")["access_token"];
  const Json changed = deeds.Do(
      "ChangePassword",
      {{"old_password", "a long enough password"}, {"new_password", "another long password"}},
      token);
  Rest dana(TheFleet().Anonymous().base(), changed["access_token"]);
  const Json sign_ins = dana.Get("/api/auth/sessions").body["sign_ins"];
  REQUIRE_FALSE(sign_ins.empty());
  Rest again = TheFleet().SignIn(mail, "another long password");
  deeds.Do("EndSignIn", {{"id", sign_ins[0]["id"]}, {"password", "another long password"}},
           again.token());
  const Answer third =
      again.Post("/api/auth/login", {{"email", mail}, {"password", "another long password"}});
  deeds.Do("Logout", {{"refresh_token", third.body["refresh_token"]}}, "");
  DoToSecondFactors(deeds, platform, id, {{"email", mail}, {"password", "another long password"}});
  deeds.Do("EndUserSignIns", {{"id", id}}, platform);
  deeds.Do("DeleteUser", {{"id", id}}, platform);
}

void DoToKeys(Deeds& deeds, const std::string& owner) {
  const std::string tomorrow =
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now() + absl::Hours(24), absl::UTCTimeZone());
  const Json key = deeds.Do("CreateApiKey",
                            {{"name", "till"},
                             {"role", "VIEWER"},
                             {"scopes", {"branches:read"}},
                             {"expires_at", tomorrow}},
                            owner);
  deeds.Do("RevokeApiKey", {{"id", key["id"]}}, owner);
}

void DoToShoppers(Deeds& deeds, const std::string& owner, Rack& rack) {
  const std::string phone = NewPhone();
  Rest shopper = Shopper(TheFleet(), rack, phone).SignIn();
  deeds.Do("ExportPersonalData", {{"user_phone", phone}}, owner);
  deeds.Do("ErasePersonalData", {{"user_phone", phone}}, owner);
  deeds.Do("EraseMyPersonalData", Json::object(), shopper.token());
  deeds.Do("SignOut", Json::object(), shopper.token());
}

void DoToDevices(Deeds& deeds, const std::string& platform, const std::string& branch) {
  const Json key = deeds.Do("CreateEnrollmentKey", {{"branch_id", branch}}, platform);
  const std::string device = deeds.Do(
      "RegisterDevice",
      {{"enrollment_key", key["key"]}, {"mac_address", Mac(NewUuid())}, {"device_name", "Pi"}},
      "")["device_id"];
  deeds.Do("RevokeEnrollmentKey", {{"branch_id", branch}, {"id", key["id"]}}, platform);
  deeds.Do("UpdateDevice", {{"id", device}, {"device_name", "Pi 2"}}, platform);
  deeds.Do("SetFirmware", {{"id", device}, {"firmware_version", "2.0"}}, platform);
  deeds.Do("RotateDeviceToken", {{"id", device}}, platform);
  const std::string board = deeds.Do(
      "CreateController",
      {{"device_id", device}, {"controller_address", 1}, {"port", "/dev/ttyUSB0"}}, platform)["id"];
  deeds.Do("UpdateController", {{"id", board}, {"pulse_ms", 600}}, platform);
  deeds.Do("DeleteController", {{"id", board}}, platform);
  deeds.Do("DeleteDevice", {{"id", device}}, platform);
}

void DoToCarts(Deeds& deeds, const std::string& owner, Rack& rack) {
  const std::string branch = rack.branch_id();
  const std::string board = rack.Carts()[0]["controller_id"];
  deeds.Do("CreateCommand",
           {{"device_id", rack.device_id()},
            {"kind", "lock.read"},
            {"arguments", {{"controller_id", board}, {"lock", 1}}}},
           owner);
  const Json made = deeds.Do(
      "CreateCarts",
      {{"branch_id", branch}, {"controller_id", board}, {"cart_number", 90}, {"locker_id", 16}},
      owner);
  const Json cart = {{"branch_id", branch}, {"id", made["carts"][0]["id"]}};
  Json change = cart, unlock = cart;
  change["maintenance_notes"] = "new wheel";
  deeds.Do("UpdateCart", change, owner);
  unlock["reason"] = "a look";
  deeds.Do("UnlockCart", unlock, owner);
  deeds.Do("DeleteCart", cart, owner);

  const Json rental =
      deeds.Do("AssignCart", {{"branch_id", branch}, {"user_phone", NewPhone()}}, owner);
  deeds.Do("ReturnCart",
           {{"branch_id", branch}, {"rental_id", rental["id"]}, {"reason", "found outside"}},
           owner);
  const Answer second = rack.Assign(NewPhone());
  REQUIRE(second.ok());
  deeds.Do("ForceCompleteRental", {{"id", second.body["id"]}, {"reason", "stolen"}}, owner);
}

TEST_CASE("no audited method leaves the log without an entry", "[e2e][audit]") {
  Deeds deeds;
  const std::string platform = TheFleet().platform().token();
  const std::string word = "c" + NewUuid().substr(24);
  const std::string chain =
      deeds.Do("CreateChain", {{"name", word}, {"slug", word}}, platform)["id"];
  deeds.Do("UpdateChain", {{"id", chain}, {"name", "renamed"}}, platform);
  const std::string branch = deeds.Do(
      "CreateBranch", {{"chain_id", chain}, {"name", "b"}, {"branch_code", "b"}}, platform)["id"];
  deeds.Do("UpdateBranch", {{"id", branch}, {"name", "renamed"}}, platform);
  DoToPeople(deeds, platform, chain);
  DoToDevices(deeds, platform, branch);
  deeds.Do("DeleteBranch", {{"id", branch}}, platform);
  deeds.Do("DeleteChain", {{"id", chain}}, platform);
  Chain ours(TheFleet());
  Rack rack(TheFleet(), ours, {.carts = 4});
  DoToCarts(deeds, ours.owner->token(), rack);
  DoToKeys(deeds, ours.owner->token());
  DoToShoppers(deeds, ours.owner->token(), rack);

  // A method that is new belongs above, with a call that succeeds.
  CHECK(deeds.Missing() == "");
  CHECK(Eventually([&] { return deeds.Unwritten().empty(); }));
  CHECK(deeds.Unwritten() == "");
}

}  // namespace
}  // namespace cartwise::fleet
