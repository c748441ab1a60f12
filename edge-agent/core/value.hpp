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
  Value(bool flag);
  Value(double number);
  Value(int number);
  Value(int64_t number);
  Value(uint64_t number);
  Value(std::string text);
  Value(const char* text);
  Value(List items);
  Value(Object members);

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

// Here and not above, since they need the whole Member.
inline Value::Value(bool flag) : data_(flag) {}
inline Value::Value(double number) : data_(number) {}
inline Value::Value(int number) : data_(static_cast<double>(number)) {}
inline Value::Value(int64_t number) : data_(static_cast<double>(number)) {}
inline Value::Value(uint64_t number) : data_(static_cast<double>(number)) {}
inline Value::Value(std::string text) : data_(std::move(text)) {}
inline Value::Value(const char* text) : data_(std::string(text)) {}
inline Value::Value(List items) : data_(std::move(items)) {}
inline Value::Value(Object members) : data_(std::move(members)) {}

}  // namespace cartwise::edge
