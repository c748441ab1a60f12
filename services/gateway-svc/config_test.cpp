#include "config.hpp"

#include <cstdlib>
#include <string>

#include <catch2/catch.hpp>

namespace cartwise::gateway {
namespace {

TEST_CASE("every fault of settings is told at once") {
  setenv("CARTWISE_GATEWAY_HTTP_LISTEN", "0.0.0.0:80", 1);
  const std::string told(Config::FromEnv({"tenant"}).status().message());
  unsetenv("CARTWISE_GATEWAY_HTTP_LISTEN");

  for (const char* const name : {"CARTWISE_TOKEN_KEYS_DIR: ", "CARTWISE_TENANT_TARGET: ",
                                 "CARTWISE_GATEWAY_HTTP_TLS_CERT: "}) {
    CAPTURE(name);
    CHECK(told.find(name) != std::string::npos);
  }
}

}  // namespace
}  // namespace cartwise::gateway
