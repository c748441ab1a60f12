#include "api/struct_json.hpp"

#include <limits>

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <catch2/catch.hpp>

namespace cartwise::telemetry {
namespace {

using google::protobuf::Struct;

Struct Parse(const std::string& json) {
  Struct out;
  REQUIRE(google::protobuf::util::JsonStringToMessage(json, &out).ok());
  return out;
}

Struct With(const std::string& name, double number) {
  Struct out;
  (*out.mutable_fields())[name].set_number_value(number);
  return out;
}

}  // namespace

TEST_CASE("a Struct becomes compact JSON and reads back the same", "[telemetry]") {
  const std::string json =
      R"({"a":[1,-2.5,"x",null,true,[],{}],"b":{"c":"\"\\\u0001\n"},"סניף":0.1})";
  bool exact = true;

  const std::string written = ToJson(Parse(json), exact);

  CHECK(exact);
  CHECK(written == R"({"a":[1,-2.5,"x",null,true,[],{}],"b":{"c":"\"\\\u0001\u000a"},"סניף":0.1})");
  CHECK(google::protobuf::util::MessageDifferencer::Equals(Parse(written), Parse(json)));
  CHECK(ToJson(Struct(), exact) == "{}");
}

TEST_CASE("what jsonb cannot hold is replaced and told", "[telemetry]") {
  const auto [number, text] = GENERATE(table<double, std::string>({
      {std::numeric_limits<double>::quiet_NaN(), R"({"n":null})"},
      {-std::numeric_limits<double>::infinity(), R"({"n":null})"},
      {1e300, R"({"n":1e+18})"},
      {-1e19, R"({"n":-1e+18})"},
      {1e-300, R"({"n":0})"},
  }));
  bool exact = true;

  CHECK(ToJson(With("n", number), exact) == text);
  CHECK_FALSE(exact);
}

TEST_CASE("numbers within bounds stay as they are", "[telemetry]") {
  for (const double number : {0.0, 1e18, -1e18, 1e-18, 9007199254740991.0}) {
    bool exact = true;
    ToJson(With("n", number), exact);
    CHECK(exact);
  }
}

TEST_CASE("a NUL character is replaced and told", "[telemetry]") {
  Struct object;
  (*object.mutable_fields())[std::string("k\0k", 3)].set_string_value(std::string("\0", 1));
  bool exact = true;

  CHECK(ToJson(object, exact) == "{\"k\uFFFDk\":\"\uFFFD\"}");
  CHECK_FALSE(exact);
}

}  // namespace cartwise::telemetry
