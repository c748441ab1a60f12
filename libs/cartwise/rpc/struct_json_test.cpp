#include "cartwise/rpc/struct_json.hpp"

#include <limits>

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <catch2/catch.hpp>

namespace cartwise::rpc {
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

TEST_CASE("a Struct becomes compact JSON and reads back the same", "[struct_json]") {
  const std::string json =
      R"({"a":[1,-2.5,"x",null,true,[],{}],"b":{"c":"\"\\\u0001\n"},"סניף":0.1})";
  bool exact = true;

  const std::string written = ToJson(Parse(json), exact);

  CHECK(exact);
  CHECK(written == R"({"a":[1,-2.5,"x",null,true,[],{}],"b":{"c":"\"\\\u0001\u000a"},"סניף":0.1})");
  CHECK(google::protobuf::util::MessageDifferencer::Equals(Parse(written), Parse(json)));
  CHECK(ToJson(Struct(), exact) == "{}");
}

TEST_CASE("what jsonb cannot hold is replaced and told", "[struct_json]") {
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

TEST_CASE("numbers within bounds stay as they are", "[struct_json]") {
  for (const double number : {0.0, 1e18, -1e18, 1e-18, 9007199254740991.0}) {
    bool exact = true;
    ToJson(With("n", number), exact);
    CHECK(exact);
  }
}

TEST_CASE("a NUL character is replaced and told", "[struct_json]") {
  Struct object;
  (*object.mutable_fields())[std::string("k\0k", 3)].set_string_value(std::string("\0", 1));
  bool exact = true;

  CHECK(ToJson(object, exact) == "{\"k\uFFFDk\":\"\uFFFD\"}");
  CHECK_FALSE(exact);
}

TEST_CASE("a JSON object is read as the converter of Protobuf reads it", "[struct_json]") {
  for (const char* json :
       {"{}", R"({"a":[1,-2.5e3,18446744073709551615,"x",null,true,false,[[]],[{}]]})",
        R"( {"a": {"b": {"c": [{"d": 1}, 2]}}, "e": "סניף \u05e1 \n"} )",
        R"({"": {}, "a": "\ud83d\ude00"})"}) {
    CAPTURE(json);
    const auto object = ToStruct(json);
    REQUIRE(object);
    CHECK(google::protobuf::util::MessageDifferencer::Equals(*object, Parse(json)));
  }
}

TEST_CASE("of members of one name the last counts, as in jsonb", "[struct_json]") {
  const auto object = ToStruct(R"({"a": {"b": 1}, "a": {"c": 2}})");
  REQUIRE(object);
  CHECK(google::protobuf::util::MessageDifferencer::Equals(*object, Parse(R"({"a": {"c": 2}})")));
}

TEST_CASE("what is not one JSON object is not read", "[struct_json]") {
  for (const char* json : {"", "[]", "1", "null", "{", "{}{}", R"({"a":})", R"({"a":NaN})",
                           "{\"a\":\"\xff\"}", R"({"a":1e999})"}) {
    CAPTURE(json);
    CHECK_FALSE(ToStruct(json));
  }
}

}  // namespace cartwise::rpc
