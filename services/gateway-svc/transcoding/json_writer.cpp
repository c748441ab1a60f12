#include "transcoding/json_writer.hpp"

#include <bit>

#include <absl/container/inlined_vector.h>
#include <absl/strings/escaping.h>
#include <google/protobuf/wire_format_lite.h>

#include "transcoding/json_text.hpp"

namespace cartwise::gateway {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using Form = MessageLayout::Form;

// What services parse is 100 messages deep at most; what they answer may hold it within more.
constexpr int kMaxDepth = 200;
constexpr int kNone = -1;

/// The values of a message by field. Bytes come in any order; JSON wants them
/// in the order of the fields.
class Index {
 public:
  struct Value {
    WireValue value;
    bool packed = false;
    int next = kNone;  ///< of the same field
  };
  struct Field {
    int first = kNone;
    int last = kNone;
  };

  explicit Index(const MessageLayout& layout) : layout_(layout), fields_(layout.fields.size()) {}

  bool Read(std::string_view bytes) {
    WireReader reader(bytes);
    while (!reader.done()) {
      uint32_t number = 0;
      WireType type{};
      Value value;
      if (!reader.ReadTag(number, type) || !reader.ReadValue(type, value.value)) return false;
      const int at = Find(number);
      if (at == kNone) continue;
      const FieldLayout& field = layout_.fields[static_cast<size_t>(at)];
      value.packed = field.packable && type == WireType::kBytes;
      // Another type than declared counts as an unknown field.
      if (type == field.wire || value.packed) Keep(at, value);
    }
    return true;
  }

  const Field& of(size_t field) const { return fields_[field]; }
  const Value& at(int value) const { return values_[static_cast<size_t>(value)]; }

 private:
  /// Fields come mostly in order, so the search starts after the last find.
  int Find(uint32_t number) {
    const size_t count = layout_.fields.size();
    for (size_t i = 0; i < count; ++i) {
      const size_t at = hint_ + i < count ? hint_ + i : hint_ + i - count;
      if (layout_.fields[at].number != number) continue;
      hint_ = at;
      return static_cast<int>(at);
    }
    return kNone;
  }

  void Keep(int at, const Value& value) {
    const FieldLayout& layout = layout_.fields[static_cast<size_t>(at)];
    if (layout.oneof >= 0) ForgetOthers(at, layout.oneof);
    Field& field = fields_[static_cast<size_t>(at)];
    const int place = static_cast<int>(values_.size());
    values_.push_back(value);
    // Of a single scalar the last value counts; messages merge.
    if (field.last == kNone || (!layout.repeated && layout.message == nullptr)) {
      field.first = place;
    } else {
      values_[static_cast<size_t>(field.last)].next = place;
    }
    field.last = place;
  }

  void ForgetOthers(int at, int oneof) {
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (layout_.fields[i].oneof == oneof && static_cast<int>(i) != at) fields_[i] = {};
    }
  }

  const MessageLayout& layout_;
  size_t hint_ = 0;
  absl::InlinedVector<Field, 24> fields_;
  absl::InlinedVector<Value, 24> values_;
};

/// Appends to one text; every step answers false at bytes it cannot write.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  bool Message(const MessageLayout& layout, std::string_view bytes) {
    if (++depth_ > kMaxDepth) return false;
    Index index(layout);
    const bool written = index.Read(bytes) && Formed(layout, index);
    --depth_;
    return written;
  }

 private:
  bool Formed(const MessageLayout& layout, const Index& index) {
    switch (layout.form) {
      case Form::kObject:
        return Object(layout, index);
      case Form::kTimestamp:
        AppendTimestamp(out_, Number(index, 0), static_cast<int32_t>(Number(index, 1)));
        return true;
      case Form::kDuration:
        AppendDuration(out_, Number(index, 0), static_cast<int32_t>(Number(index, 1)));
        return true;
      case Form::kOnlyField:
        return Field(layout.fields[0], index, index.of(0));
      case Form::kAnyValue:
        return AnyValue(layout, index);
    }
    return false;
  }

  bool Object(const MessageLayout& layout, const Index& index) {
    out_.push_back('{');
    bool first = true;
    for (size_t i = 0; i < layout.fields.size(); ++i) {
      const FieldLayout& field = layout.fields[i];
      if (index.of(i).first == kNone && field.absent.empty()) continue;
      if (!first) out_.push_back(',');
      first = false;
      out_.append(field.name);
      if (!Field(field, index, index.of(i))) return false;
    }
    out_.push_back('}');
    return true;
  }

  bool AnyValue(const MessageLayout& layout, const Index& index) {
    for (size_t i = 0; i < layout.fields.size(); ++i) {
      if (index.of(i).first != kNone) return Field(layout.fields[i], index, index.of(i));
    }
    out_.append("null");
    return true;
  }

  bool Field(const FieldLayout& field, const Index& index, const Index::Field& values) {
    if (values.first == kNone) {
      out_.append(field.absent);
      return true;
    }
    if (field.map) return Map(field, index, values.first);
    if (field.repeated) return List(field, index, values.first);
    if (values.first != values.last) return Merged(field, index, values.first);
    return Single(field, index.at(values.first).value);
  }

  /// A message in several parts: their concatenation is the merged message.
  bool Merged(const FieldLayout& field, const Index& index, int at) {
    std::string whole;
    for (; at != kNone; at = index.at(at).next) whole.append(index.at(at).value.bytes);
    return Message(*field.message, whole);
  }

  bool List(const FieldLayout& field, const Index& index, int at) {
    out_.push_back('[');
    const size_t start = out_.size();
    for (; at != kNone; at = index.at(at).next) {
      const Index::Value& value = index.at(at);
      if (value.packed ? !Packed(field, value.value.bytes, start)
                       : !Element(field, value.value, start)) {
        return false;
      }
    }
    out_.push_back(']');
    return true;
  }

  bool Packed(const FieldLayout& field, std::string_view bytes, size_t start) {
    WireReader reader(bytes);
    while (!reader.done()) {
      WireValue value;
      if (!reader.ReadValue(field.wire, value) || !Element(field, value, start)) return false;
    }
    return true;
  }

  bool Element(const FieldLayout& field, const WireValue& value, size_t start) {
    if (out_.size() > start) out_.push_back(',');
    return Single(field, value);
  }

  bool Map(const FieldLayout& field, const Index& index, int at) {
    out_.push_back('{');
    for (bool first = true; at != kNone; at = index.at(at).next, first = false) {
      if (!first) out_.push_back(',');
      Index entry(*field.message);
      if (!entry.Read(index.at(at).value.bytes)) return false;
      if (!MapKey(field.message->fields[0], entry)) return false;
      out_.push_back(':');
      if (!MapValue(field.message->fields[1], entry)) return false;
    }
    out_.push_back('}');
    return true;
  }

  /// A member name is a text whatever the key's type.
  bool MapKey(const FieldLayout& key, const Index& entry) {
    const size_t start = out_.size();
    if (!Single(key,
                entry.of(0).first == kNone ? WireValue{} : entry.at(entry.of(0).first).value)) {
      return false;
    }
    if (out_[start] == '"') return true;
    out_.insert(start, 1, '"');
    out_.push_back('"');
    return true;
  }

  bool MapValue(const FieldLayout& value, const Index& entry) {
    if (entry.of(1).first == kNone) return Single(value, WireValue{});
    return Field(value, entry, entry.of(1));
  }

  bool Single(const FieldLayout& field, const WireValue& value) {
    const uint64_t bits = value.bits;
    const auto low = static_cast<uint32_t>(bits);
    switch (field.type) {
      case FieldDescriptor::TYPE_STRING:
        return AppendJsonString(out_, value.bytes);
      case FieldDescriptor::TYPE_BYTES:
        return Bytes(value.bytes);
      case FieldDescriptor::TYPE_MESSAGE:
      case FieldDescriptor::TYPE_GROUP:
        return Message(*field.message, value.bytes);
      case FieldDescriptor::TYPE_ENUM:
        Enum(field, static_cast<int32_t>(low));
        break;
      case FieldDescriptor::TYPE_BOOL:
        out_.append(bits != 0 ? "true" : "false");
        break;
      case FieldDescriptor::TYPE_INT32:
      case FieldDescriptor::TYPE_SFIXED32:
        AppendNumber(out_, static_cast<int32_t>(low));
        break;
      case FieldDescriptor::TYPE_SINT32:
        AppendNumber(out_, WireFormatLite::ZigZagDecode32(low));
        break;
      case FieldDescriptor::TYPE_UINT32:
      case FieldDescriptor::TYPE_FIXED32:
        AppendNumber(out_, low);
        break;
      case FieldDescriptor::TYPE_INT64:
      case FieldDescriptor::TYPE_SFIXED64:
        Quoted(static_cast<int64_t>(bits));
        break;
      case FieldDescriptor::TYPE_SINT64:
        Quoted(WireFormatLite::ZigZagDecode64(bits));
        break;
      case FieldDescriptor::TYPE_UINT64:
      case FieldDescriptor::TYPE_FIXED64:
        Quoted(bits);
        break;
      case FieldDescriptor::TYPE_FLOAT:
        AppendReal(out_, std::bit_cast<float>(low));
        break;
      case FieldDescriptor::TYPE_DOUBLE:
        AppendReal(out_, std::bit_cast<double>(bits));
        break;
    }
    return true;
  }

  /// 64-bit integers are texts: JavaScript would round the numbers.
  template <typename Number>
  void Quoted(Number number) {
    out_.push_back('"');
    AppendNumber(out_, number);
    out_.push_back('"');
  }

  bool Bytes(std::string_view bytes) {
    out_.push_back('"');
    out_.append(absl::Base64Escape(std::string(bytes)));
    out_.push_back('"');
    return true;
  }

  void Enum(const FieldLayout& field, int32_t number) {
    const auto text = field.enum_texts.find(number);
    if (text == field.enum_texts.end()) {
      AppendNumber(out_, number);
    } else {
      out_.append(text->second);
    }
  }

  static int64_t Number(const Index& index, size_t field) {
    const int at = index.of(field).first;
    return at == kNone ? 0 : static_cast<int64_t>(index.at(at).value.bits);
  }

  std::string& out_;
  int depth_ = 0;
};

}  // namespace

std::optional<std::string> WriteJson(const MessageLayout& layout, std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 3);
  if (!Writer(out).Message(layout, bytes)) return std::nullopt;
  return out;
}

}  // namespace cartwise::gateway
