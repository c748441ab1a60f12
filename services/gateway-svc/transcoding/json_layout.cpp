#include "transcoding/json_layout.hpp"

#include <absl/strings/str_cat.h>

namespace cartwise::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using Form = MessageLayout::Form;

Form FormOf(const Descriptor* type) {
  const std::string& name = type->full_name();
  if (name == "google.protobuf.Timestamp") return Form::kTimestamp;
  if (name == "google.protobuf.Duration") return Form::kDuration;
  if (name == "google.protobuf.Struct" || name == "google.protobuf.ListValue") {
    return Form::kOnlyField;
  }
  return name == "google.protobuf.Value" ? Form::kAnyValue : Form::kObject;
}

WireType WireOf(FieldDescriptor::Type type) {
  switch (type) {
    case FieldDescriptor::TYPE_DOUBLE:
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
      return WireType::kFixed64;
    case FieldDescriptor::TYPE_FLOAT:
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
      return WireType::kFixed32;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_GROUP:
    case FieldDescriptor::TYPE_MESSAGE:
      return WireType::kBytes;
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_BOOL:
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_ENUM:
    case FieldDescriptor::TYPE_SINT32:
    case FieldDescriptor::TYPE_SINT64:
      break;
  }
  return WireType::kVarint;
}

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", text, "\"");
}

std::unordered_map<int32_t, std::string> TextsOf(const EnumDescriptor* type) {
  std::unordered_map<int32_t, std::string> texts;
  const bool null = type->full_name() == "google.protobuf.NullValue";
  for (int i = 0; i < type->value_count(); ++i) {
    const auto* value = type->value(i);
    // The first of several names of a number is the one to write.
    texts.try_emplace(value->number(), null ? "null" : Quoted(value->name()));
  }
  return texts;
}

std::string AbsentText(const FieldDescriptor* field) {
  if (field->is_map()) return "{}";
  if (field->is_repeated()) return "[]";
  if (field->has_presence()) return "";
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return "\"\"";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "false";
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64:
      return "\"0\"";
    case FieldDescriptor::CPPTYPE_ENUM:
      return TextsOf(field->enum_type())[0];
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "0";
}

}  // namespace

const MessageLayout* JsonLayouts::Add(const Descriptor* type) {
  auto [place, added] = all_.try_emplace(type);
  if (!added) return place->second.get();
  place->second = std::make_unique<MessageLayout>();
  // Known before it is filled: a message may hold itself. Filling adds others,
  // which moves `place` but not the layout.
  MessageLayout* layout = place->second.get();
  layout->form = FormOf(type);
  for (int i = 0; i < type->field_count(); ++i) layout->fields.push_back(LayOut(type->field(i)));
  return layout;
}

FieldLayout JsonLayouts::LayOut(const FieldDescriptor* field) {
  FieldLayout layout;
  layout.number = static_cast<uint32_t>(field->number());
  layout.type = field->type();
  layout.wire = WireOf(field->type());
  layout.repeated = field->is_repeated();
  layout.map = field->is_map();
  layout.packable = field->is_packable();
  if (const auto* oneof = field->real_containing_oneof()) layout.oneof = oneof->index();
  layout.name = Quoted(field->name()) + ":";
  layout.absent = AbsentText(field);
  if (field->message_type() != nullptr) layout.message = Add(field->message_type());
  if (field->enum_type() != nullptr) layout.enum_texts = TextsOf(field->enum_type());
  return layout;
}

}  // namespace cartwise::gateway
