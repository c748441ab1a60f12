#include "cartwise/rpc/struct_json.hpp"

#include <charconv>
#include <cmath>
#include <map>
#include <vector>

#include <nlohmann/json.hpp>

namespace cartwise::rpc {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

// jsonb keeps numbers as decimals without exponent: 1e308 would become 309 digits.
constexpr double kLargest = 1e18;
constexpr double kSmallest = 1e-18;

class Writer {
 public:
  Writer(std::string& out, bool& exact) : out_(out), exact_(exact) {}

  void Object(const Struct& object) {
    // The map's own order is random per process; the same event must always
    // read the same.
    std::map<std::string_view, const Value*> members;
    for (const auto& [name, value] : object.fields()) members.emplace(name, &value);
    out_ += '{';
    for (const auto& [name, value] : members) {
      if (out_.back() != '{') out_ += ',';
      Text(name);
      out_ += ':';
      Any(*value);
    }
    out_ += '}';
  }

 private:
  void Any(const Value& value) {
    switch (value.kind_case()) {
      case Value::kStringValue:
        return Text(value.string_value());
      case Value::kNumberValue:
        return Number(value.number_value());
      case Value::kBoolValue:
        out_ += value.bool_value() ? "true" : "false";
        return;
      case Value::kStructValue:
        return Object(value.struct_value());
      case Value::kListValue:
        return List(value.list_value());
      case Value::kNullValue:
      case Value::KIND_NOT_SET:
        out_ += "null";
        return;
    }
  }

  void List(const ListValue& list) {
    out_ += '[';
    for (int i = 0; i < list.values_size(); ++i) {
      if (i > 0) out_ += ',';
      Any(list.values(i));
    }
    out_ += ']';
  }

  void Number(double number) {
    if (!std::isfinite(number)) {
      exact_ = false;
      out_ += "null";
      return;
    }
    if (const double size = std::fabs(number); size > kLargest) {
      exact_ = false;
      number = std::copysign(kLargest, number);
    } else if (size < kSmallest && size != 0) {
      exact_ = false;
      number = 0;
    }
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, number);
    out_.append(text, end.ptr);
  }

  void Text(std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    out_ += '"';
    size_t from = 0;
    for (size_t at = 0; at < text.size(); ++at) {
      const auto c = static_cast<unsigned char>(text[at]);
      if (c >= 0x20 && c != '"' && c != '\\') continue;
      out_.append(text.substr(from, at - from));
      from = at + 1;
      if (c == 0) {
        exact_ = false;
        out_ += "\xEF\xBF\xBD";
      } else if (c < 0x20) {
        out_.append("\\u00").append(1, kHex[c >> 4]).append(1, kHex[c & 15]);
      } else {
        out_.append(1, '\\').append(1, static_cast<char>(c));
      }
    }
    out_.append(text.substr(from)).append(1, '"');
  }

  std::string& out_;
  bool& exact_;
};

/// Builds the Struct while nlohmann::json reads: the innermost object or list that is open is last.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(Struct& out) : out_(out) {}

  bool null() override {
    return Put([](Value& value) { value.set_null_value(google::protobuf::NULL_VALUE); });
  }
  bool boolean(bool flag) override {
    return Put([&](Value& value) { value.set_bool_value(flag); });
  }
  bool number_integer(number_integer_t number) override {
    return Put([&](Value& value) { value.set_number_value(static_cast<double>(number)); });
  }
  bool number_unsigned(number_unsigned_t number) override {
    return Put([&](Value& value) { value.set_number_value(static_cast<double>(number)); });
  }
  bool number_float(number_float_t number, const string_t& /*text*/) override {
    return Put([&](Value& value) { value.set_number_value(number); });
  }
  bool string(string_t& text) override {
    return Put([&](Value& value) { value.set_string_value(std::move(text)); });
  }
  bool binary(binary_t& /*bytes*/) override { return false; }

  bool start_object(size_t /*size*/) override {
    if (open_.empty()) {
      open_.push_back({&out_, nullptr, nullptr});
      return true;
    }
    return Put([&](Value& value) {
      open_.push_back({value.mutable_struct_value(), nullptr, nullptr});
    });
  }
  bool start_array(size_t /*size*/) override {
    return Put([&](Value& value) {
      open_.push_back({nullptr, value.mutable_list_value(), nullptr});
    });
  }
  bool key(string_t& name) override {
    open_.back().member = &(*open_.back().object->mutable_fields())[name];
    open_.back().member->Clear();
    return true;
  }
  bool end_object() override { return Leave(); }
  bool end_array() override { return Leave(); }
  bool parse_error(size_t /*at*/, const std::string& /*token*/,
                   const nlohmann::json::exception& /*why*/) override {
    return false;
  }

 private:
  struct Open {
    Struct* object;
    ListValue* list;
    Value* member;  ///< of the object, whose name was read
  };

  template <typename Set>
  bool Put(Set set) {
    if (open_.empty()) return false;
    Open& open = open_.back();
    set(open.list != nullptr ? *open.list->add_values() : *open.member);
    return true;
  }
  bool Leave() {
    open_.pop_back();
    return true;
  }

  Struct& out_;
  std::vector<Open> open_;
};

}  // namespace

std::optional<Struct> ToStruct(std::string_view json) {
  std::optional<Struct> out(std::in_place);
  Builder builder(*out);
  if (!nlohmann::json::sax_parse(json, &builder)) return std::nullopt;
  return out;
}

std::string ToJson(const Struct& object, bool& exact) {
  std::string out;
  Writer(out, exact).Object(object);
  return out;
}

}  // namespace cartwise::rpc
