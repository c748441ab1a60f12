#include "sim/options.hpp"

#include <catch2/catch.hpp>

namespace cartwise::sim {
namespace {

std::vector<std::string> With(std::vector<std::string> more) {
  std::vector<std::string> all = {"--tty", "/t", "--boards",  "0,9",
                                  "--log", "/l", "--control", "/c"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST_CASE("the needed options are enough", "[sim]") {
  const auto options = ParseOptions(With({}));
  REQUIRE(options.ok());
  CHECK(options->tty == "/t");
  CHECK(options->boards == std::vector<int>{0, 9});
  CHECK(options->pace);
  CHECK_FALSE(options->shoppers);
}

TEST_CASE("the other options are read", "[sim]") {
  const auto options = ParseOptions(
      With({"--shoppers", "2.5", "--think-ms", "3", "--open-ms", "40", "--pace", "off"}));
  REQUIRE(options.ok());
  CHECK(options->shoppers == 2.5);
  CHECK(options->think == 3000);
  CHECK(options->open_delay == 40'000);
  CHECK_FALSE(options->pace);
}

TEST_CASE("wrong options are refused", "[sim]") {
  const auto more = GENERATE(values<std::vector<std::string>>({{"--pace", "slow"},
                                                               {"--pace"},
                                                               {"--colour", "red"},
                                                               {"--shoppers", "0"},
                                                               {"--shoppers", "nan"},
                                                               {"--think-ms", "-1"},
                                                               {"--boards", "9"},
                                                               {"--boards", "10"},
                                                               {"--boards", "1,,2"}}));
  CHECK_FALSE(ParseOptions(With(more)).ok());
  CHECK_FALSE(ParseOptions({}).ok());
}

}  // namespace
}  // namespace cartwise::sim
