#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "cartwise/config/env.hpp"

namespace cartwise::config {
namespace {

/// A variable of the process for one test.
class Set {
 public:
  Set(std::string name, const std::string& value) : name_(std::move(name)) {
    setenv(name_.c_str(), value.c_str(), 1);
  }
  ~Set() { unsetenv(name_.c_str()); }

 private:
  std::string name_;
};

}  // namespace

TEST_CASE("settings are read and fall back", "[config]") {
  const Set text("CW_TEST_TEXT", "hello"), number("CW_TEST_NUMBER", "12");
  const Set list("CW_TEST_LIST", " a, b ,,c");
  const Set seconds("CW_TEST_SECONDS", "90");
  Env env;

  CHECK(env.Text("CW_TEST_TEXT") == "hello");
  CHECK(env.Text("CW_TEST_ABSENT", "fallback") == "fallback");
  CHECK(env.Number("CW_TEST_NUMBER", 8, 1, 100) == 12);
  CHECK(env.Number("CW_TEST_ABSENT", 8, 1, 100) == 8);
  CHECK(env.List("CW_TEST_LIST") == std::vector<std::string>{"a", "b", "c"});
  CHECK(env.List("CW_TEST_ABSENT").empty());
  CHECK(env.Seconds("CW_TEST_SECONDS", absl::Seconds(5)) == absl::Seconds(90));
  CHECK(env.Seconds("CW_TEST_ABSENT", absl::Milliseconds(500)) == absl::Milliseconds(500));
  CHECK(env.status().ok());
}

TEST_CASE("every fault is reported at once", "[config]") {
  const Set number("CW_TEST_NUMBER", "12x"), range("CW_TEST_RANGE", "0");
  const Set file("CW_TEST_PATH", "/does/not/exist");
  Env env;

  env.Text("CW_TEST_ABSENT");
  env.Number("CW_TEST_NUMBER", 1, 1, 9);
  env.Number("CW_TEST_RANGE", 1, 1, 9);
  env.File("CW_TEST_PATH");

  CHECK(env.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(std::string(env.status().message()) ==
        "CW_TEST_ABSENT: required\n"
        "CW_TEST_NUMBER: must be a whole number from 1 to 9\n"
        "CW_TEST_RANGE: must be a whole number from 1 to 9\n"
        "CW_TEST_PATH: cannot read /does/not/exist");
}

TEST_CASE("a secret may stand in a file", "[config]") {
  const auto path =
      std::filesystem::temp_directory_path() / ("cw_config_test_" + std::to_string(getpid()));
  std::ofstream(path) << "s3cret\n";
  const Set name("CW_TEST_SECRET_FILE", path.string());
  Env env;

  CHECK(env.Text("CW_TEST_SECRET") == "s3cret");
  CHECK(env.status().ok());

  std::filesystem::remove(path);
  CHECK(env.Text("CW_TEST_SECRET").empty());
  CHECK_THAT(std::string(env.status().message()),
             Catch::StartsWith("CW_TEST_SECRET_FILE: cannot read"));
}

}  // namespace cartwise::config
