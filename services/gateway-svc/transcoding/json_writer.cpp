#include "transcoding/json_writer.hpp"

#include <charconv>
#include <cmath>
#include <string_view>

#include "transcoding/json_time.hpp"

#include <absl/strings/escaping.h>

namespace cartwise::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void WriteMessage(std::string& out, const Message& message);

template <typename Number>
void AppendNumber(std::string& out, Number number) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  out.append(buffer, end);
}

/// Proto3 JSON writes 64-bit integers as texts: JavaScript would round them.
template <typename Number>
void AppendQuotedNumber(std::string& out, Number number) {
  out.push_back('"');
  AppendNumber(out, number);
  out.push_back('"');
}

template <typename Real>
void AppendReal(std::string& out, Real number) {
  if (std::isnan(number)) {
    out.append("\"NaN\"");
  } else if (std::isinf(number)) {
    out.append(number > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  } else {
    AppendNumber(out, number);
  }
}

void WriteString(std::string& out, const FieldDescriptor* field, const std::string& text) {
  AppendJsonString(out,
                   field->type() == FieldDescriptor::TYPE_BYTES ? absl::Base64Escape(text) : text);
}

void WriteEnum(std::string& out, const FieldDescriptor* field, int number) {
  const auto* value = field->enum_type()->FindValueByNumber(number);
  if (value == nullptr) {
    AppendNumber(out, number);
  } else if (field->enum_type()->full_name() == "google.protobuf.NullValue") {
    out.append("null");
  } else {
    out.push_back('"');
    out.append(value->name());
    out.push_back('"');
  }
}

void WriteSingle(std::string& out, const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      WriteString(out, field, reflection->GetStringReference(message, field, &scratch));
      return;
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      out.append(reflection->GetBool(message, field) ? "true" : "false");
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      return AppendNumber(out, reflection->GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return AppendNumber(out, reflection->GetUInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return AppendQuotedNumber(out, reflection->GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return AppendQuotedNumber(out, reflection->GetUInt64(message, field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return AppendReal(out, reflection->GetFloat(message, field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return AppendReal(out, reflection->GetDouble(message, field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return WriteEnum(out, field, reflection->GetEnumValue(message, field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return WriteMessage(out, reflection->GetMessage(message, field));
  }
}

void WriteElement(std::string& out, const Message& message, const FieldDescriptor* field, int i) {
  const Reflection* reflection = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      WriteString(out, field, reflection->GetRepeatedStringReference(message, field, i, &scratch));
      return;
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      out.append(reflection->GetRepeatedBool(message, field, i) ? "true" : "false");
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      return AppendNumber(out, reflection->GetRepeatedInt32(message, field, i));
    case FieldDescriptor::CPPTYPE_UINT32:
      return AppendNumber(out, reflection->GetRepeatedUInt32(message, field, i));
    case FieldDescriptor::CPPTYPE_INT64:
      return AppendQuotedNumber(out, reflection->GetRepeatedInt64(message, field, i));
    case FieldDescriptor::CPPTYPE_UINT64:
      return AppendQuotedNumber(out, reflection->GetRepeatedUInt64(message, field, i));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return AppendReal(out, reflection->GetRepeatedFloat(message, field, i));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return AppendReal(out, reflection->GetRepeatedDouble(message, field, i));
    case FieldDescriptor::CPPTYPE_ENUM:
      return WriteEnum(out, field, reflection->GetRepeatedEnumValue(message, field, i));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return WriteMessage(out, reflection->GetRepeatedMessage(message, field, i));
  }
}

void WriteList(std::string& out, const Message& message, const FieldDescriptor* field) {
  out.push_back('[');
  const int size = message.GetReflection()->FieldSize(message, field);
  for (int i = 0; i < size; ++i) {
    if (i > 0) out.push_back(',');
    WriteElement(out, message, field, i);
  }
  out.push_back(']');
}

/// A member name is a text whatever the key's type.
void WriteMapKey(std::string& out, const Message& entry, const FieldDescriptor* key) {
  const size_t at = out.size();
  WriteSingle(out, entry, key);
  if (out[at] == '"') return;
  out.insert(at, 1, '"');
  out.push_back('"');
}

void WriteMap(std::string& out, const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  const FieldDescriptor* key = field->message_type()->map_key();
  const FieldDescriptor* value = field->message_type()->map_value();
  out.push_back('{');
  const int size = reflection->FieldSize(message, field);
  for (int i = 0; i < size; ++i) {
    if (i > 0) out.push_back(',');
    const Message& entry = reflection->GetRepeatedMessage(message, field, i);
    WriteMapKey(out, entry, key);
    out.push_back(':');
    WriteSingle(out, entry, value);
  }
  out.push_back('}');
}

/// google.protobuf.Value: whichever member of its one oneof is set.
void WriteValue(std::string& out, const Message& message) {
  const auto* oneof = message.GetDescriptor()->oneof_decl(0);
  const FieldDescriptor* set = message.GetReflection()->GetOneofFieldDescriptor(message, oneof);
  if (set == nullptr) {
    out.append("null");
  } else {
    WriteSingle(out, message, set);
  }
}

/// Writes the types that JSON has its own form for; false for all others.
bool WriteWellKnown(std::string& out, const Message& message) {
  const std::string& name = message.GetDescriptor()->full_name();
  if (!name.starts_with("google.protobuf.")) return false;
  const std::string_view type = std::string_view(name).substr(16);
  if (type == "Timestamp") return AppendTimestamp(out, message), true;
  if (type == "Duration") return AppendDuration(out, message), true;
  if (type == "Value") return WriteValue(out, message), true;
  if (type == "Struct") {
    return WriteMap(out, message, message.GetDescriptor()->FindFieldByNumber(1)), true;
  }
  if (type == "ListValue") {
    return WriteList(out, message, message.GetDescriptor()->FindFieldByNumber(1)), true;
  }
  return false;
}

void WriteMessage(std::string& out, const Message& message) {
  if (WriteWellKnown(out, message)) return;
  const Descriptor* type = message.GetDescriptor();
  const Reflection* reflection = message.GetReflection();
  out.push_back('{');
  bool first = true;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->has_presence() && !reflection->HasField(message, field)) continue;
    if (!first) out.push_back(',');
    first = false;
    out.push_back('"');
    out.append(field->name());
    out.append("\":");
    if (field->is_map()) {
      WriteMap(out, message, field);
    } else if (field->is_repeated()) {
      WriteList(out, message, field);
    } else {
      WriteSingle(out, message, field);
    }
  }
  out.push_back('}');
}

void AppendEscaped(std::string& out, char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      out.append("\\u00");
      out.push_back(kHex[(c >> 4) & 15]);
      out.push_back(kHex[c & 15]);
  }
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  out.push_back('"');
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    AppendEscaped(out, text[i]);
    plain = i + 1;
  }
  out.append(text, plain);
  out.push_back('"');
}

std::string WriteJson(const Message& message) {
  std::string out;
  out.reserve(message.ByteSizeLong() * 3);
  WriteMessage(out, message);
  return out;
}

}  // namespace cartwise::gateway
