#include "linux/value_json.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

namespace cartwise::edge {
namespace {

using Json = nlohmann::ordered_json;

Json Number(double number) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (std::trunc(number) == number && std::fabs(number) <= kExact) {
    return static_cast<int64_t>(number);
  }
  return number;
}

Json Encode(const Value& value) {
  const auto& data = value.data();
  if (const auto* flag = std::get_if<bool>(&data)) return *flag;
  if (const auto* number = std::get_if<double>(&data)) return Number(*number);
  if (const auto* text = std::get_if<std::string>(&data)) return *text;
  if (const auto* list = std::get_if<Value::List>(&data)) {
    Json array = Json::array();
    for (const Value& item : *list) array.push_back(Encode(item));
    return array;
  }
  if (const auto* members = std::get_if<Value::Object>(&data)) {
    Json object = Json::object();
    for (const auto& member : *members) object[member.name] = Encode(member.value);
    return object;
  }
  return nullptr;
}

Value Decode(const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_array()) {
    Value::List list;
    for (const Json& item : json) list.push_back(Decode(item));
    return list;
  }
  if (json.is_object()) {
    Value::Object members;
    for (const auto& [name, member] : json.items()) members.push_back({name, Decode(member)});
    return members;
  }
  return {};
}

}  // namespace

std::string ToJson(const Value& value) {
  return Encode(value).dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<Value> FromJson(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return absl::InvalidArgumentError("not JSON");
  return Decode(json);
}

}  // namespace cartwise::edge
