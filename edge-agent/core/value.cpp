#include "core/value.hpp"

#include <cmath>

namespace cartwise::edge {

const Value* Value::Find(std::string_view name) const {
  const auto* members = std::get_if<Object>(&data_);
  if (members == nullptr) return nullptr;
  for (const Member& member : *members) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

std::string Value::Text(std::string_view name) const {
  const Value* value = Find(name);
  const auto* text = value ? std::get_if<std::string>(&value->data_) : nullptr;
  return text ? *text : std::string();
}

std::optional<int64_t> Value::Whole(std::string_view name) const {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  const Value* value = Find(name);
  const auto* number = value ? std::get_if<double>(&value->data_) : nullptr;
  if (!number || std::trunc(*number) != *number || std::fabs(*number) > kExact) return std::nullopt;
  return static_cast<int64_t>(*number);
}

bool Value::operator==(const Value& other) const {
  return data_ == other.data_;
}

}  // namespace cartwise::edge
