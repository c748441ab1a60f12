#pragma once

#include <set>
#include <string>

#include <google/protobuf/descriptor.h>
#include <nlohmann/json.hpp>

namespace cartwise::gateway {

/// JSON Schemas (2020-12, as OpenAPI 3.1 has them) of messages, made from their
/// descriptors and comments. Collects every message that was referred to.
class Schemas {
 public:
  /// The schema of one field's value, as proto3 JSON writes it.
  nlohmann::json OfField(const google::protobuf::FieldDescriptor* field);
  /// A reference to the message's schema, which is added to All().
  nlohmann::json Refer(const google::protobuf::Descriptor* message);
  /// An object schema without the fields of these names.
  nlohmann::json Object(const google::protobuf::Descriptor* message,
                        const std::set<std::string>& without);

  /// By name, for components.schemas.
  const nlohmann::json& All() const { return all_; }

 private:
  nlohmann::json OfValue(const google::protobuf::FieldDescriptor* field);

  nlohmann::json all_ = nlohmann::json::object();
};

/// The comment above a definition, without the comment signs; paragraphs kept.
template <typename Descriptor>
std::string CommentOf(const Descriptor* descriptor);

/// "rental.v1.Cart.Status" -> a name that is unique and readable.
std::string SchemaName(const google::protobuf::Descriptor* message);

}  // namespace cartwise::gateway
