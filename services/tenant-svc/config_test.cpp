#include "config.hpp"

#include <cstdlib>
#include <map>
#include <string>

#include "cartwise/testing/status.hpp"

namespace cartwise::tenant {
namespace {

absl::StatusOr<Config> ConfigOf(std::map<std::string, std::string> settings) {
  const std::map<std::string, std::string> usual = {
      {"CARTWISE_TOKEN_KEYS_DIR", "/keys"},
      {"CARTWISE_TENANT_SIGNING_KEYS_DIR", "/keys"},
      {"CARTWISE_TENANT_DATABASE_URL", "postgresql://localhost"},
      {"CARTWISE_TLS_CA", "/etc/passwd"},
      {"CARTWISE_TLS_CERT", "/etc/passwd"},
      {"CARTWISE_TLS_KEY", "/etc/passwd"},
      {"CARTWISE_RENTAL_TARGET", "localhost:1"},
      {"CARTWISE_TELEMETRY_TARGET", "localhost:1"},
      {"CARTWISE_TENANT_PHONE_KEY", std::string(64, 'a')},
      {"CARTWISE_TENANT_DATA_HOLDERS", "rental-svc=localhost:1"},
  };
  settings.insert(usual.begin(), usual.end());
  for (const auto& [name, value] : settings) setenv(name.c_str(), value.c_str(), 1);
  auto config = Config::FromEnv();
  for (const auto& [name, value] : settings) unsetenv(name.c_str());
  return config;
}

TEST_CASE("codes are written to a file in development alone", "[config]") {
  std::map<std::string, std::string> settings = {
      {"CARTWISE_TENANT_SMS_PROVIDER", "console"},
      {"CARTWISE_TENANT_SMS_CONSOLE_FILE", "/sms.jsonl"},
  };
  unsetenv("CARTWISE_DEVELOPMENT");
  const auto refused = ConfigOf(settings);
  CHECK(absl::IsInvalidArgument(refused.status()));
  CHECK(std::string(refused.status().message())
            .find("CARTWISE_TENANT_SMS_PROVIDER=console: for "
                  "development only") == 0);

  settings.emplace("CARTWISE_DEVELOPMENT", "1");
  const auto config = ConfigOf(settings);
  REQUIRE_OK(config);
  CHECK(config->sms_console_file == "/sms.jsonl");
}

TEST_CASE("Inforu needs no development", "[config]") {
  unsetenv("CARTWISE_DEVELOPMENT");
  REQUIRE_OK(ConfigOf({{"CARTWISE_TENANT_SMS_PROVIDER", "inforu"},
                       {"CARTWISE_TENANT_INFORU_USER", "u"},
                       {"CARTWISE_TENANT_INFORU_TOKEN", "t"},
                       {"CARTWISE_TENANT_INFORU_SENDER", "s"}}));
}

TEST_CASE("every fault of settings is told at once", "[config]") {
  const auto config = ConfigOf({{"CARTWISE_TENANT_SIGN_IN_DAYS", "0"},
                                {"CARTWISE_TENANT_SMS_PROVIDER", "pigeon"},
                                {"CARTWISE_TENANT_DATA_HOLDERS", "nobody"}});
  const std::string told(config.status().message());
  for (const char* const name : {"CARTWISE_TENANT_SIGN_IN_DAYS: ", "CARTWISE_TENANT_SMS_PROVIDER: ",
                                 "CARTWISE_TENANT_DATA_HOLDERS: "}) {
    CAPTURE(name);
    CHECK(told.find(name) != std::string::npos);
  }
}

}  // namespace
}  // namespace cartwise::tenant
