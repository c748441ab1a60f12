#include <algorithm>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cartwise/testing/status.hpp"
#include "routing/test_contracts.hpp"
#include "transcoding/json_reader.hpp"
#include "transcoding/json_writer.hpp"

namespace cartwise::gateway {
namespace {

std::string Written(const google::protobuf::Message& message) {
  JsonLayouts layouts;
  return WriteJson(*layouts.Add(message.GetDescriptor()), message.SerializeAsString()).value();
}

using google::protobuf::Message;

std::unique_ptr<Message> NewThing() {
  static const auto contracts =
      ContractsOf(
          "rpc Get(Thing) returns (Thing) { option (google.api.http) = {get: \"/a\"}; "
          "option (cartwise.options.v1.policy) = {principals: [STAFF]}; }")
          .value();
  return std::unique_ptr<Message>(contracts->methods()[0].request->New());
}

/// The fields at fault, or the reason when there is none.
std::string Faults(const std::string& json) {
  const auto thing = NewThing();
  const absl::Status status = ReadJson(json, *thing);
  std::string text;
  for (const auto& [field, message] : errors::Fields(status)) {
    text += (text.empty() ? "" : " ") + field;
  }
  return text.empty() ? errors::Reason(status) : text;
}

nlohmann::json RoundTrip(const std::string& json) {
  const auto thing = NewThing();
  const absl::Status status = ReadJson(json, *thing);
  INFO(status.ToString());
  REQUIRE(status.ok());
  return nlohmann::json::parse(Written(*thing));
}

constexpr char kFull[] = R"({
  "id": "a\u00e9\n\"\\\u0001", "number": -5, "tags": ["x", ""], "color": "BLUE",
  "inner": {"name": "i", "count": 1, "deeper": {"name": "d"}}, "at": "2026-01-31T12:00:00.000123Z",
  "span": "-1.500s", "flag": true, "big": "-9223372036854775808", "real": 0.1, "raw": "AAEC/w==",
  "counts": {"a": 1, "b": 2}, "data": {"s": "t", "n": 1.5, "b": false, "z": null, "l": [1, ["x"], {}],
  "o": {"p": {}}}, "any": [true, {"k": null}], "inners": [{"name": "1"}, {"count": 2}], "maybe": 0,
  "left": "l", "colors": ["RED", "BLUE"], "positive": 4294967295, "small": 1.25,
  "list": [1, "two", null], "huge": 18446744073709551615, "inner_of": {"-3": {"name": "m"}}})";

TEST_CASE("what we write is what the protobuf library writes") {
  const char* json = GENERATE(kFull, "{}", R"({"any": null})", R"({"at": "0001-01-01T00:00:00Z"})",
                              R"({"at": "9999-12-31T23:59:59.999999999Z"})",
                              R"({"at": "1969-12-31T23:59:59.5Z", "span": "0s"})",
                              R"({"at": "2024-02-29T00:00:00Z", "real": 1e300, "small": -0.0})",
                              R"({"real": "NaN", "small": "-Infinity"})",
                              R"({"inners": [], "right": 0, "data": {}, "list": []})");
  const auto thing = NewThing();
  REQUIRE_OK(ReadJson(json, *thing));
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string reference;
  REQUIRE(google::protobuf::util::MessageToJsonString(*thing, &reference, options).ok());
  CHECK(nlohmann::json::parse(Written(*thing)) == nlohmann::json::parse(reference));
}

TEST_CASE("what we read is what the protobuf library reads") {
  const auto ours = NewThing();
  const auto theirs = NewThing();
  REQUIRE_OK(ReadJson(kFull, *ours));
  REQUIRE(google::protobuf::util::JsonStringToMessage(kFull, theirs.get()).ok());
  CHECK(Written(*ours) == Written(*theirs));
}

/// What the bytes of a Thing become; empty when they are none.
std::string WrittenBytes(const std::string& bytes) {
  JsonLayouts layouts;
  return WriteJson(*layouts.Add(NewThing()->GetDescriptor()), bytes).value_or("");
}

TEST_CASE("bytes in any order and in parts are the message they merge to") {
  const auto merged = [](const std::string& a, const std::string& b) {
    const auto first = NewThing();
    const auto second = NewThing();
    REQUIRE_OK(ReadJson(a, *first));
    REQUIRE_OK(ReadJson(b, *second));
    const std::string bytes = first->SerializeAsString() + second->SerializeAsString();
    const auto both = NewThing();
    REQUIRE(both->ParseFromString(bytes));
    CHECK(WrittenBytes(bytes) == Written(*both));
    return nlohmann::json::parse(WrittenBytes(bytes));
  };
  CHECK(merged(R"({"number": 1, "id": "a"})", R"({"id": "b"})")["id"] == "b");
  CHECK(merged(R"({"inner": {"name": "x"}})", R"({"inner": {"count": 2}})")["inner"]["name"] ==
        "x");
  CHECK(merged(R"({"tags": ["a"]})", R"({"number": 3, "tags": ["b"]})")["tags"].size() == 2);
  CHECK(merged(R"({"colors": ["RED"]})", R"({"colors": ["BLUE"]})")["colors"].size() == 2);
  CHECK_FALSE(merged(R"({"left": "l"})", R"({"right": 1})").contains("left"));
  CHECK(merged(R"({"any": 1})", R"({"any": {"a": 2}})")["any"]["a"] == 2);
}

TEST_CASE("unknown fields are skipped, broken bytes are no message") {
  const std::string id("\x0a\x01z");
  CHECK(WrittenBytes(id + "\xf8\x3f\x05").find("\"id\":\"z\"") != std::string::npos);
  // A field of another wire type than declared is unknown too.
  CHECK(WrittenBytes("\x08\x05").find("\"id\":\"\"") != std::string::npos);
  // Repeated numbers also come one by one.
  CHECK(WrittenBytes("\x98\x01\x02\x98\x01\x01").find("\"colors\":[\"BLUE\",\"RED\"]") !=
        std::string::npos);
  CHECK(WrittenBytes("\x20\x09").find("\"color\":9") != std::string::npos);

  const std::string broken =
      GENERATE(as<std::string>(), "\x0a",
               "\x0a\x05"
               "ab",
               "\x10", "\x10\x80", "\x0b\x0c", "\x0f", std::string("\x00\x01", 2), "\x2a\x01\x0a",
               "\x0a\x01\xff", "\xad\x01\x01", "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
               "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
  CHECK(WrittenBytes(broken) == "");
}

/// A Thing with Inner messages nested this deep.
std::string Nested(int depth) {
  std::string bytes;
  for (int i = 1; i <= depth; ++i) {
    std::string size;
    for (size_t left = bytes.size(); size.empty() || left > 0; left >>= 7) {
      size.push_back(static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0)));
    }
    bytes = (i == depth ? "\x2a" : "\x1a") + size + bytes;
  }
  return bytes;
}

TEST_CASE("nesting is followed so far and no farther") {
  CHECK(WrittenBytes(Nested(199)) != "");
  CHECK(WrittenBytes(Nested(200)) == "");
  CHECK(WrittenBytes(Nested(5'000)) == "");
}

TEST_CASE("what the protobuf library can parse can be written, however deep") {
  const bool lists = GENERATE(true, false);
  google::protobuf::Struct data;
  google::protobuf::Value* leaf = &(*data.mutable_fields())["a"];
  std::string deepest;
  for (;;) {
    const auto parsed = NewThing();
    const std::string inner = data.SerializeAsString();
    std::string bytes("\x6a");  // Thing.data
    google::protobuf::io::StringOutputStream rest(&bytes);
    google::protobuf::io::CodedOutputStream(&rest).WriteVarint32(
        static_cast<uint32_t>(inner.size()));
    bytes += inner;
    if (!parsed->ParseFromString(bytes)) break;
    deepest = bytes;
    leaf = lists ? leaf->mutable_list_value()->add_values()
                 : &(*leaf->mutable_struct_value()->mutable_fields())["a"];
  }
  const std::string json = WrittenBytes(deepest);
  const auto levels = std::count(json.begin(), json.end(), lists ? '[' : '{');
  CHECK(levels >= (lists ? 45 : 30));
}

TEST_CASE("64-bit integers come as numbers and as texts, and leave as texts") {
  CHECK(RoundTrip(R"({"big": 5})")["big"] == "5");
  CHECK(RoundTrip(R"({"big": "5", "number": 3.0})")["number"] == 3);
  CHECK(RoundTrip(R"({"number": null})")["number"] == 0);
}

TEST_CASE("a body that is no JSON object is INVALID_JSON") {
  const char* json =
      GENERATE("", " ", "[]", "5", "\"x\"", "null", "{", "{\"id\": }", "{'id': 'x'}", "{id: 1}",
               "{\"id\": \"x\",}", "{} {}", "{\"id\": \"\xff\xfe\"}", "{\"number\": 1e999}",
               "{\"id\": \"\\u0000\"}", "{\"i\\u0000d\": 1}", "{\"id\": \"\\ud800\"}",
               "{\"number\": 01}", "{\"flag\": True}", "// c\n{}");
  CAPTURE(json);
  CHECK(Faults(json) == "INVALID_JSON");
}

TEST_CASE("each wrong type is refused by its field") {
  const auto [json, fields] = GENERATE(table<std::string, std::string>({
      {R"({"nope": 1})", "nope"},
      {R"({"id": 5})", "id"},
      {R"({"id": {"a": 1}})", "id"},
      {R"({"id": ["a"]})", "id"},
      {R"({"number": "5"})", "number"},
      {R"({"number": 1.5})", "number"},
      {R"({"number": 2147483648})", "number"},
      {R"({"number": true})", "number"},
      {R"({"positive": -1})", "positive"},
      {R"({"big": 9223372036854775808})", "big"},
      {R"({"big": "x"})", "big"},
      {R"({"big": 9.3e18})", "big"},
      {R"({"flag": "true"})", "flag"},
      {R"({"flag": 1})", "flag"},
      {R"({"real": "1"})", "real"},
      {R"({"color": 1})", "color"},
      {R"({"color": "GREEN"})", "color"},
      {R"({"color": "red"})", "color"},
      {R"({"raw": "###"})", "raw"},
      {R"({"at": 5})", "at"},
      {R"({"at": "yesterday"})", "at"},
      {R"({"at": {"seconds": 5}})", "at"},
      {R"({"span": "1h"})", "span"},
      {R"({"tags": "x"})", "tags"},
      {R"({"tags": {"a": "x"}})", "tags"},
      {R"({"tags": ["x", 2]})", "tags[1]"},
      {R"({"tags": [null]})", "tags[0]"},
      {R"({"tags": [["x"]]})", "tags[0]"},
      {R"({"inners": {"name": "x"}})", "inners"},
      {R"({"inners": [{"name": "x"}, {"name": 2}]})", "inners[1].name"},
      {R"({"inners": ["x"]})", "inners[0]"},
      {R"({"inner": "x"})", "inner"},
      {R"({"inner": [1]})", "inner"},
      {R"({"inner": {"deeper": {"nope": 1}}})", "inner.deeper.nope"},
      {R"({"counts": [1]})", "counts"},
      {R"({"counts": "x"})", "counts"},
      {R"({"counts": {"a": "x"}})", "counts.a"},
      {R"({"inner_of": {"x": {}}})", "inner_of.x"},
      {R"({"data": [1]})", "data"},
      {R"({"data": "x"})", "data"},
      {R"({"list": {"a": 1}})", "list"},
      {R"({"left": "x", "right": 1})", "right"},
      {R"({"id": "a", "id": "b"})", "id"},
      {R"({"counts": {"a": 1, "a": 2}})", "counts.a"},
      {R"({"data": {"a": 1, "a": 2}})", "data.a"},
      {R"({"nope": {"deep": [1, {"x": 2}]}, "number": "x"})", "nope number"},
      {R"({"id": 1, "number": "x", "flag": 3})", "id number flag"},
  }));
  CAPTURE(json);
  CHECK(Faults(json) == fields);
}

TEST_CASE("a deep body is refused wherever it hides, and fast") {
  const std::string open(100'000, '[');
  CHECK(Faults(open) == "INVALID_JSON");
  CHECK(Faults("{\"any\": " + open) == "INVALID_JSON");
  CHECK(Faults("{\"nope\": " + open) == "INVALID_JSON");
  std::string objects;
  for (int i = 0; i < 40; ++i) objects += "{\"deeper\":";
  CHECK(Faults("{\"inner\":" + objects) == "INVALID_JSON");
}

TEST_CASE("the tenth fault is the last one told") {
  std::string json = "{";
  for (int i = 0; i < 100; ++i) json += "\"n" + std::to_string(i) + "\": 1,";
  json.back() = '}';
  CHECK(Faults(json) == "n0 n1 n2 n3 n4 n5 n6 n7 n8 n9");
}

TEST_CASE("what a client calls its fields comes back cut and harmless") {
  const auto thing = NewThing();
  const absl::Status status = ReadJson("{\"" + std::string(500, 'x') + "\": 1}", *thing);
  CHECK(errors::Fields(status).at(0).first == std::string(60, 'x'));
  CHECK(Faults("{\"a\\nb\": 1}") == "a?b");
}

}  // namespace
}  // namespace cartwise::gateway
