#include "config.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "cartwise/testing/status.hpp"
#include "core/folder_fake.hpp"

namespace cartwise::edge {
namespace {

std::string Minimal(const std::string& bus = R"({"port": "/dev/lock"})") {
  return R"({"gateway": "localhost:9090", "ca": "/no/ca.pem", "mac_address": "02:00:00:00:00:01",
             "state_dir": "/tmp", "buses": [)" +
         bus + "]}";
}

std::string Faults(const std::string& text) {
  return std::string(Config::Parse(text).status().message());
}

TEST_CASE("what is not said has its default", "[config]") {
  const auto config = Config::Parse(Minimal());
  REQUIRE_OK(config);
  REQUIRE(config->buses.size() == 1);
  CHECK(config->buses[0].settings.baudrate == 19200);
  CHECK(config->buses[0].settings.gap == absl::Milliseconds(25));
  CHECK(config->buses[0].settings.poll_interval == absl::ZeroDuration());
  CHECK(config->buses[0].rts_mode == RtsMode::kNone);
}

TEST_CASE("every fault is named at once", "[config]") {
  const std::string faults = Faults(R"({
      "gateway": "localhost", "mac_address": "zz:00", "state_dir": 7, "colour": "red",
      "buses": [{"port": "/dev/a", "baudrate": 300, "gap_ms": -1, "rts_mode": "magic"},
                {"port": "/dev/a", "gap": 3}]})");

  for (const char* part :
       {"gateway: must be host:port", "ca: is required", "mac_address: must be six",
        "state_dir: must be a text", "colour: is no known key", "buses[0].baudrate: must be one of",
        "buses[0].gap_ms: must be a whole number", "buses[0].rts_mode: must be none",
        "buses[1].port: is used twice", "buses[1].gap: is no known key"}) {
    CAPTURE(faults);
    CHECK_THAT(faults, Catch::Contains(part));
  }
}

TEST_CASE("text that is no object is refused in words", "[config]") {
  const std::string text = GENERATE("", "{", "[]", "7", "{\"buses\": {}}", "{\"buses\": []}");
  CHECK_FALSE(Faults(text).empty());
}

TEST_CASE("files that are named must be there", "[config]") {
  TestFolder folder;
  std::ofstream(folder / "config.json") << Minimal();

  const auto config = Config::Load(folder / "config.json");

  CHECK_THAT(std::string(config.status().message()), Catch::Contains("ca: cannot read"));
  CHECK_FALSE(Config::Load(folder / "absent.json").ok());
}

}  // namespace
}  // namespace cartwise::edge
