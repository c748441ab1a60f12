#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cartwise::edge {

/// A JSON value, so that core can carry arguments and payloads without knowing
/// how they travel. Members keep their order; numbers are one kind.
class Value {
 public:
  struct Member;
  using List = std::vector<Value>;
  using Object = std::vector<Member>;

  Value() = default;  ///< null
  Value(bool flag) : data_(flag) {}
  Value(double number) : data_(number) {}
  Value(int number) : data_(static_cast<double>(number)) {}
  Value(int64_t number) : data_(static_cast<double>(number)) {}
  Value(uint64_t number) : data_(static_cast<double>(number)) {}
  Value(std::string text) : data_(std::move(text)) {}
  Value(const char* text) : data_(std::string(text)) {}
  Value(List items) : data_(std::move(items)) {}
  Value(Object members) : data_(std::move(members)) {}

  using Data = std::variant<std::monostate, bool, double, std::string, List, Object>;
  const Data& data() const { return data_; }

  /// The member of an object; nullptr when absent or this is no object.
  const Value* Find(std::string_view name) const;
  /// The text of a member; empty when absent or of another kind.
  std::string Text(std::string_view name) const;
  /// The whole number of a member; nullopt when absent, fractional or no number.
  std::optional<int64_t> Whole(std::string_view name) const;

  bool operator==(const Value& other) const;

 private:
  Data data_;
};

struct Value::Member {
  std::string name;
  Value value;

  bool operator==(const Member&) const = default;
};

}  // namespace cartwise::edge
