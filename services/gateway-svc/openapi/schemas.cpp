#include "openapi/schemas.hpp"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>

namespace cartwise::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

constexpr int kExampleDepth = 4;
constexpr char kExampleId[] = "0190a1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b";

/// "rental.Cart.Status" of "cartwise.rental.v1.Cart.Status".
std::string ComponentName(const std::string& full_name) {
  return absl::StrReplaceAll(full_name, {{"cartwise.", ""}, {".v1.", "."}});
}

OrderedJson Reference(const std::string& full_name) {
  return {{"$ref", "#/components/schemas/" + ComponentName(full_name)}};
}

/// The schema of a type of google.protobuf; null for every other type.
OrderedJson WellKnown(const std::string& name) {
  if (name == "google.protobuf.Timestamp") return {{"type", "string"}, {"format", "date-time"}};
  if (name == "google.protobuf.Duration") {
    return {{"type", "string"}, {"pattern", "^-?[0-9]+(\\.[0-9]+)?s$"}};
  }
  if (name == "google.protobuf.Struct") {
    return {{"type", "object"}, {"additionalProperties", true}};
  }
  if (name == "google.protobuf.Value") return OrderedJson::object();
  if (name == "google.protobuf.ListValue") {
    return {{"type", "array"}, {"items", OrderedJson::object()}};
  }
  return nullptr;
}

bool IsRequired(const FieldDescriptor* field) {
  const std::string comment = CommentOf(field);
  return comment.find("Required") != std::string::npos &&
         comment.find("Required of") == std::string::npos;
}

OrderedJson TextExample(const FieldDescriptor* field) {
  const std::string& name = field->name();
  if (name == "id" || name.ends_with("_id")) return kExampleId;
  if (name.ends_with("email")) return "dana@example.com";
  if (name.ends_with("phone")) return "+972521234567";
  if (name == "mac_address") return "02:00:5e:10:00:01";
  if (name == "page_token" || name == "next_page_token") return "";
  return name;
}

OrderedJson SingleExample(const FieldDescriptor* field, int depth) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field->type() == FieldDescriptor::TYPE_BYTES) return "AAEC";
      return TextExample(field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return true;
    case FieldDescriptor::CPPTYPE_ENUM:
      return field->enum_type()->value(field->enum_type()->value_count() > 1 ? 1 : 0)->name();
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64:
      return "1";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Schemas::ExampleOf(field->message_type(), depth);
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return 1.5;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
      break;
  }
  return 1;
}

}  // namespace

template <typename Thing>
std::string CommentOf(const Thing* thing) {
  google::protobuf::SourceLocation place;
  if (!thing->GetSourceLocation(&place)) return "";
  std::vector<std::string> lines = absl::StrSplit(place.leading_comments, '\n');
  for (std::string& line : lines) {
    if (!line.empty() && line.front() == ' ') line.erase(0, 1);
  }
  std::string text = absl::StrJoin(lines, "\n");
  absl::StripAsciiWhitespace(&text);
  return text;
}

template std::string CommentOf(const google::protobuf::MethodDescriptor*);
template std::string CommentOf(const google::protobuf::ServiceDescriptor*);
template std::string CommentOf(const google::protobuf::FieldDescriptor*);
template std::string CommentOf(const google::protobuf::Descriptor*);
template std::string CommentOf(const google::protobuf::EnumDescriptor*);
template std::string CommentOf(const google::protobuf::EnumValueDescriptor*);

OrderedJson Schemas::Of(const Descriptor* type) {
  if (OrderedJson known = WellKnown(type->full_name()); !known.is_null()) return known;
  const std::string name = ComponentName(type->full_name());
  // Entered before it is filled: a message may hold itself.
  if (collected_.try_emplace(name, nullptr).second) {
    std::vector<const FieldDescriptor*> fields;
    for (int i = 0; i < type->field_count(); ++i) fields.push_back(type->field(i));
    OrderedJson schema = ObjectOf(fields);
    if (const std::string comment = CommentOf(type); !comment.empty()) {
      schema["description"] = comment;
    }
    collected_[name] = std::move(schema);
  }
  return Reference(type->full_name());
}

OrderedJson Schemas::Of(const EnumDescriptor* type) {
  OrderedJson schema = {{"type", "string"}, {"enum", OrderedJson::array()}};
  std::string description = CommentOf(type);
  for (int i = 0; i < type->value_count(); ++i) {
    const auto* value = type->value(i);
    schema["enum"].push_back(value->name());
    if (const std::string comment = CommentOf(value); !comment.empty()) {
      absl::StrAppend(&description, "\n- `", value->name(),
                      "`: ", absl::StrReplaceAll(comment, {{"\n", " "}}));
    }
  }
  absl::StripAsciiWhitespace(&description);
  if (!description.empty()) schema["description"] = description;
  collected_[ComponentName(type->full_name())] = std::move(schema);
  return Reference(type->full_name());
}

OrderedJson Schemas::ScalarOf(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field->type() != FieldDescriptor::TYPE_BYTES) return {{"type", "string"}};
      return {{"type", "string"}, {"contentEncoding", "base64"}};
    case FieldDescriptor::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    case FieldDescriptor::CPPTYPE_INT32:
      return {{"type", "integer"}, {"format", "int32"}};
    case FieldDescriptor::CPPTYPE_UINT32:
      return {{"type", "integer"}, {"format", "uint32"}, {"minimum", 0}};
    // As a text: JavaScript would round the number.
    case FieldDescriptor::CPPTYPE_INT64:
      return {{"type", "string"}, {"format", "int64"}};
    case FieldDescriptor::CPPTYPE_UINT64:
      return {{"type", "string"}, {"format", "uint64"}};
    case FieldDescriptor::CPPTYPE_FLOAT:
      return {{"type", "number"}, {"format", "float"}};
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return {{"type", "number"}, {"format", "double"}};
    case FieldDescriptor::CPPTYPE_ENUM:
      return Of(field->enum_type());
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return Of(field->message_type());
}

OrderedJson Schemas::Of(const FieldDescriptor* field) {
  OrderedJson schema;
  if (field->is_map()) {
    schema = {{"type", "object"},
              {"additionalProperties", ScalarOf(field->message_type()->map_value())}};
  } else if (field->is_repeated()) {
    schema = {{"type", "array"}, {"items", ScalarOf(field)}};
  } else {
    schema = ScalarOf(field);
  }
  if (const std::string comment = CommentOf(field); !comment.empty()) {
    schema["description"] = comment;
  }
  return schema;
}

OrderedJson Schemas::ObjectOf(const std::vector<const FieldDescriptor*>& fields) {
  OrderedJson schema = {{"type", "object"}, {"properties", OrderedJson::object()}};
  OrderedJson required = OrderedJson::array();
  for (const FieldDescriptor* field : fields) {
    schema["properties"][field->name()] = Of(field);
    if (IsRequired(field)) required.push_back(field->name());
  }
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

OrderedJson Schemas::ExampleOf(const Descriptor* type, int depth) {
  const std::string& name = type->full_name();
  if (name == "google.protobuf.Timestamp") return "2026-01-31T12:00:00Z";
  if (name == "google.protobuf.Duration") return "90s";
  OrderedJson example = OrderedJson::object();
  if (depth > kExampleDepth || !WellKnown(name).is_null()) return example;
  for (int i = 0; i < type->field_count(); ++i) {
    example[type->field(i)->name()] = ExampleOf(type->field(i), depth + 1);
  }
  return example;
}

OrderedJson Schemas::ExampleOf(const FieldDescriptor* field, int depth) {
  if (field->is_map()) {
    return {{"key", SingleExample(field->message_type()->map_value(), depth)}};
  }
  OrderedJson single = SingleExample(field, depth);
  return field->is_repeated() ? OrderedJson::array({std::move(single)}) : single;
}

OrderedJson Schemas::Collected() const {
  OrderedJson all = OrderedJson::object();
  for (const auto& [name, schema] : collected_) all[name] = schema;
  return all;
}

}  // namespace cartwise::gateway
