#include "openapi/schemas.hpp"

#include <absl/strings/ascii.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

namespace cartwise::gateway {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using nlohmann::json;

json EnumSchema(const google::protobuf::EnumDescriptor* type) {
  json names = json::array();
  // The zero value means "not said" and is never sent as such on purpose.
  for (int i = 0; i < type->value_count(); ++i) names.push_back(type->value(i)->name());
  return {{"type", "string"}, {"enum", names}};
}

// Messages that proto3 JSON writes as something else than an object.
json WellKnown(const std::string& name) {
  if (name == "google.protobuf.Timestamp") return {{"type", "string"}, {"format", "date-time"}};
  if (name == "google.protobuf.Duration") {
    return {{"type", "string"}, {"pattern", "^-?[0-9]+(\\.[0-9]+)?s$"}, {"examples", {"7200s"}}};
  }
  if (name == "google.protobuf.Struct") return {{"type", "object"}};
  if (name == "google.protobuf.Empty") return {{"type", "object"}, {"maxProperties", 0}};
  return nullptr;
}

}  // namespace

template <typename Descriptor>
std::string CommentOf(const Descriptor* descriptor) {
  google::protobuf::SourceLocation location;
  if (!descriptor->GetSourceLocation(&location)) return "";
  std::vector<std::string> lines = absl::StrSplit(location.leading_comments, '\n');
  for (std::string& line : lines) absl::StripAsciiWhitespace(&line);
  std::string text = absl::StrJoin(lines, "\n");
  absl::StripAsciiWhitespace(&text);
  return text;
}

template std::string CommentOf(const google::protobuf::Descriptor*);
template std::string CommentOf(const FieldDescriptor*);
template std::string CommentOf(const MethodDescriptor*);
template std::string CommentOf(const ServiceDescriptor*);

std::string SchemaName(const google::protobuf::Descriptor* message) {
  const std::string& package = message->file()->package();
  std::string name = message->full_name().substr(package.size() + 1);
  for (char& c : name) {
    if (c == '.') c = '_';
  }
  return name;
}

json Schemas::OfValue(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
      return {{"type", "integer"}, {"format", "int32"}};
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64:
      return {{"type", "string"}, {"format", "int64"}};
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return {{"type", "number"}, {"format", "double"}};
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumSchema(field->enum_type());
    case FieldDescriptor::CPPTYPE_STRING:
      if (field->type() == FieldDescriptor::TYPE_BYTES) {
        return {{"type", "string"}, {"contentEncoding", "base64"}};
      }
      return {{"type", "string"}};
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Refer(field->message_type());
  }
  return json::object();
}

json Schemas::OfField(const FieldDescriptor* field) {
  json schema;
  if (field->is_map()) {
    schema = {{"type", "object"},
              {"additionalProperties", OfValue(field->message_type()->map_value())}};
  } else if (field->is_repeated()) {
    schema = {{"type", "array"}, {"items", OfValue(field)}};
  } else {
    schema = OfValue(field);
  }
  if (const std::string comment = CommentOf(field); !comment.empty()) {
    schema["description"] = comment;
  }
  return schema;
}

json Schemas::Object(const google::protobuf::Descriptor* message,
                     const std::set<std::string>& without) {
  json properties = json::object();
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* const field = message->field(i);
    if (!without.count(field->name())) properties[field->name()] = OfField(field);
  }
  json schema = {{"type", "object"}, {"properties", std::move(properties)}};
  if (const std::string comment = CommentOf(message); !comment.empty()) {
    schema["description"] = comment;
  }
  return schema;
}

json Schemas::Refer(const google::protobuf::Descriptor* message) {
  if (json known = WellKnown(message->full_name()); !known.is_null()) return known;
  const std::string name = SchemaName(message);
  if (!all_.contains(name)) {
    all_[name] = json::object();  // ends the recursion of a message that holds itself
    all_[name] = Object(message, {});
  }
  return {{"$ref", "#/components/schemas/" + name}};
}

}  // namespace cartwise::gateway
