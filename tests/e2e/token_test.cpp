#include <array>
#include <cstdio>
#include <fstream>

#include <catch2/catch.hpp>

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

struct Tokens {
  Chain chain{TheFleet()};
  Rest stranger = TheFleet().Anonymous();
  std::string key = TheFleet().folder() + "/keys/private/tenant-2026a.pem";

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
  CHECK(made("../private/tenant-2026a", "at+jwt") == 401);
  CHECK(made("tenant-2026a", "shopper+jwt") == 401);
  claims["aud"] = "elsewhere";
  CHECK(made("tenant-2026a", "at+jwt") == 401);
}

}  // namespace
}  // namespace cartwise::fleet
