#include <array>
#include <cstdio>
#include <fstream>

#include <catch2/catch.hpp>
#include <filesystem>

#include "cartwise/base/text.hpp"
#include "e2e/the_fleet.hpp"

namespace cartwise::fleet {
namespace {

/// What Debian's python3-jwt says.
std::string PyJwt(const std::string& arguments) {
  const std::string command = "/usr/bin/python3 " CARTWISE_E2E_PYJWT " " + arguments;
  FILE* const pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string said;
  std::array<char, 512> part{};
  while (fgets(part.data(), part.size(), pipe) != nullptr) said += part.data();
  REQUIRE(pclose(pipe) == 0);
  said.pop_back();
  return said;
}

std::string Quoted(const Json& claims) {
  return "'" + claims.dump() + "'";
}

std::string KidOf(const std::string& token) {
  const auto header = Base64UrlDecode(token.substr(0, token.find('.')));
  return Json::parse(header.value())["kid"];
}

struct Tokens {
  Chain chain{TheFleet()};
  Rest stranger = TheFleet().Anonymous();
  std::string key = TheFleet().folder() + "/keys/tenant/tenant-2026a.pem";

  Json Proven(const std::string& token) {
    const std::string file = TheFleet().folder() + "/jwks.json";
    std::ofstream(file) << stranger.Get("/.well-known/jwks.json").text;
    return Json::parse(PyJwt("prove " + file + " " + token));
  }
  Answer Me(const std::string& token) { return Rest(stranger.base(), token).Get("/api/auth/me"); }
};

TEST_CASE("another library proves our tokens by our JWK set", "[e2e]") {
  Tokens f;

  const Json claims = f.Proven(f.chain.owner->token());

  CHECK(claims["iss"] == "tenant-svc");
  CHECK(claims["chain"] == f.chain.id);
}

TEST_CASE("we prove another library's tokens, and only with the right key, type and claims",
          "[e2e]") {
  Tokens f;
  Json claims = f.Proven(f.chain.owner->token());
  const auto made = [&](const std::string& kid, const std::string& typ) {
    return f.Me(PyJwt("make " + f.key + " " + kid + " " + typ + " " + Quoted(claims))).status;
  };

  CHECK(made("tenant-2026a", "at+jwt") == 200);
  CHECK(made("device-2026a", "at+jwt") == 401);
  CHECK(made("tenant-2025a", "at+jwt") == 401);
  CHECK(made("../tenant/tenant-2026a", "at+jwt") == 401);
  CHECK(made("tenant-2026a", "shopper+jwt") == 401);
  claims["aud"] = "elsewhere";
  CHECK(made("tenant-2026a", "at+jwt") == 401);
}

/// The steps of changing a key: first everybody may believe it, then it signs.
void AddKey(const std::string& folder, const std::string& id) {
  const std::string owner = id.substr(0, id.find('-'));
  const std::string key = folder + "/keys/" + owner + "/" + id + ".pem";
  const std::string made = folder + "/" + id + ".pem";
  REQUIRE(std::system(("openssl genpkey -algorithm ed25519 -out " + made + " && openssl pkey -in " +
                       made + " -pubout -out " + folder + "/keys/public/" + id + ".pem")
                          .c_str()) == 0);
  const auto believed = [&] {
    return TheFleet().Anonymous().Get("/.well-known/jwks.json").text.find(id) != std::string::npos;
  };
  REQUIRE(Eventually(believed));
  std::filesystem::rename(made, key);
}

TEST_CASE("keys of tokens and orders change while everything runs", "[e2e]") {
  Tokens f;
  Rack rack(TheFleet(), f.chain, {.carts = 2});
  const std::string kid = "tenant-2026b";

  AddKey(TheFleet().folder(), kid);
  std::unique_ptr<Rest> again;
  REQUIRE(Eventually([&] {
    again = std::make_unique<Rest>(f.chain.Staff(TheFleet(), "OPERATOR"));
    return KidOf(again->token()) == kid;
  }));
  // Each service believes the key as soon as it has read the folder again.
  REQUIRE(Eventually([&] {
    return again->Get(rack.Path("/carts")).status == 200 &&
           again->Get("/api/auth/me").status == 200;
  }));
  CHECK(f.Me(f.chain.owner->token()).status == 200);

  AddKey(TheFleet().folder(), "device-2026b");
  const std::string phone = NewPhone();
  REQUIRE(Eventually([&] {
    const Answer rental = rack.Assign(*again, phone);
    INFO(rental.text);
    REQUIRE(rental.status == 200);
    rack.board().Do("push " + rack.PlaceOf(rental.body["cart_id"]));
    rack.WaitRental(rental.body["id"], "RETURNED");
    return rack.Knows("device-2026b");
  }));
  CHECK(rack.Assign(*again, phone).status == 200);
}

}  // namespace
}  // namespace cartwise::fleet
