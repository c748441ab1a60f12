#include "cartwise/rpc/enums.hpp"

#include <set>
#include <vector>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A Struct has an enum with one value, and may be large.
bool IsOurs(const Descriptor* type) {
  return type->file()->package().rfind("google.protobuf", 0) != 0;
}

bool HasEnums(const Descriptor* type, std::set<const Descriptor*>& seen) {
  if (!IsOurs(type) || !seen.insert(type).second) return false;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* const field = type->field(i);
    if (field->enum_type() != nullptr) return true;
    if (field->message_type() != nullptr && HasEnums(field->message_type(), seen)) return true;
  }
  return false;
}

bool IsNamed(const FieldDescriptor* field, int number) {
  return field->enum_type()->FindValueByNumber(number) != nullptr;
}

absl::Status CheckField(const Message& message, const Reflection& reflection,
                        const FieldDescriptor* field) {
  const bool repeated = field->is_repeated();
  const int count = repeated ? reflection.FieldSize(message, field) : 1;
  for (int i = 0; i < count; ++i) {
    if (field->enum_type() != nullptr) {
      const int number = repeated ? reflection.GetRepeatedEnumValue(message, field, i)
                                  : reflection.GetEnumValue(message, field);
      if (!IsNamed(field, number)) return errors::InvalidField(field->name(), "has no such value");
    } else if (field->message_type() != nullptr) {
      CW_RETURN_IF_ERROR(CheckEnums(repeated ? reflection.GetRepeatedMessage(message, field, i)
                                             : reflection.GetMessage(message, field)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool HasEnums(const Descriptor* type) {
  std::set<const Descriptor*> seen;
  return HasEnums(type, seen);
}

absl::Status CheckEnums(const Message& message) {
  if (!IsOurs(message.GetDescriptor())) return absl::OkStatus();
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* const field : fields) {
    CW_RETURN_IF_ERROR(CheckField(message, reflection, field));
  }
  return absl::OkStatus();
}

}  // namespace cartwise::rpc
