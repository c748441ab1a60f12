#pragma once

#include <map>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <nlohmann/json.hpp>

namespace cartwise::gateway {

using OrderedJson = nlohmann::ordered_json;

/// The comment above a method, message, field or value, as Markdown; empty
/// when there is none.
template <typename Descriptor>
std::string CommentOf(const Descriptor* thing);

/// JSON Schemas of messages and enums, collected as they are referred to.
class Schemas {
 public:
  /// {"$ref": ...} to the message's schema, or the schema itself for types that
  /// JSON writes in a form of its own (Timestamp, Struct ...).
  OrderedJson Of(const google::protobuf::Descriptor* type);

  /// One field, its comment included.
  OrderedJson Of(const google::protobuf::FieldDescriptor* field);

  /// An object of these fields. "Required" in a field's comment makes it
  /// required, unless it goes on with "of" somebody.
  OrderedJson ObjectOf(const std::vector<const google::protobuf::FieldDescriptor*>& fields);

  /// A plausible value, for a person to start from.
  static OrderedJson ExampleOf(const google::protobuf::Descriptor* type, int depth = 0);
  static OrderedJson ExampleOf(const google::protobuf::FieldDescriptor* field, int depth = 0);

  /// Everything referred to, by name: components.schemas.
  OrderedJson Collected() const;

 private:
  OrderedJson Of(const google::protobuf::EnumDescriptor* type);
  OrderedJson ScalarOf(const google::protobuf::FieldDescriptor* field);

  std::map<std::string, OrderedJson> collected_;
};

}  // namespace cartwise::gateway
