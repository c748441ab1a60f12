#include "transcoding/json_scalar.hpp"

#include <cmath>
#include <limits>
#include <optional>

#include "transcoding/field_path.hpp"

namespace cartwise::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status Wrong(const char* what) {
  return absl::InvalidArgumentError(what);
}

/// The whole number in `value`, if it holds one that fits T. 5.0 is one.
template <typename T>
std::optional<T> WholeNumber(const JsonScalar& value) {
  using Limits = std::numeric_limits<T>;
  if (const auto* number = std::get_if<int64_t>(&value)) {
    if (std::in_range<T>(*number)) return static_cast<T>(*number);
  } else if (const auto* big = std::get_if<uint64_t>(&value)) {
    if (std::in_range<T>(*big)) return static_cast<T>(*big);
  } else if (const auto* real = std::get_if<double>(&value)) {
    // The upper bound itself may round up to one that does not fit.
    if (*real == std::trunc(*real) && *real >= static_cast<double>(Limits::min()) &&
        *real < static_cast<double>(Limits::max())) {
      return static_cast<T>(*real);
    }
  }
  return std::nullopt;
}

std::optional<double> RealNumber(const JsonScalar& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return static_cast<double>(*number);
  if (const auto* big = std::get_if<uint64_t>(&value)) return static_cast<double>(*big);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (*text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (*text == "Infinity") return std::numeric_limits<double>::infinity();
    if (*text == "-Infinity") return -std::numeric_limits<double>::infinity();
  }
  return std::nullopt;
}

#define CW_PUT(Type, value)                                             \
  (field->is_repeated() ? reflection->Add##Type(&message, field, value) \
                        : reflection->Set##Type(&message, field, value))

#define CW_PUT_WHOLE(Type, T, complaint)                   \
  {                                                        \
    const std::optional<T> number = WholeNumber<T>(value); \
    if (!number) return Wrong(complaint);                  \
    CW_PUT(Type, *number);                                 \
    return absl::OkStatus();                               \
  }

absl::Status PutAnyValue(Message& value_message, const JsonScalar& value) {
  const Descriptor* type = value_message.GetDescriptor();
  const Reflection* reflection = value_message.GetReflection();
  if (const auto* text = std::get_if<std::string>(&value)) {
    reflection->SetString(&value_message, type->FindFieldByName("string_value"), *text);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    reflection->SetBool(&value_message, type->FindFieldByName("bool_value"), *flag);
  } else {
    reflection->SetDouble(&value_message, type->FindFieldByName("number_value"),
                          *RealNumber(value));
  }
  return absl::OkStatus();
}

absl::Status PutMessage(Message& message, const FieldDescriptor* field, const JsonScalar& value) {
  if (field->message_type()->full_name() == "google.protobuf.Value") {
    const Reflection* reflection = message.GetReflection();
    return PutAnyValue(field->is_repeated() ? *reflection->AddMessage(&message, field)
                                            : *reflection->MutableMessage(&message, field),
                       value);
  }
  const auto* text = std::get_if<std::string>(&value);
  if (!IsTextField(field)) return Wrong("must be an object");
  if (text == nullptr) return Wrong("must be a text");
  return SetFromText(message, {field}, *text);
}

}  // namespace

absl::Status SetFromJson(Message& message, const FieldDescriptor* field, const JsonScalar& value) {
  const Reflection* reflection = message.GetReflection();
  const auto* text = std::get_if<std::string>(&value);
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_ENUM:
      if (text == nullptr) return Wrong("must be a text");
      return SetFromText(message, {field}, *text);
    case FieldDescriptor::CPPTYPE_BOOL:
      if (!std::holds_alternative<bool>(value)) return Wrong("must be true or false");
      CW_PUT(Bool, std::get<bool>(value));
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_INT32:
      CW_PUT_WHOLE(Int32, int32_t, "must be a whole number of 32 bits")
    case FieldDescriptor::CPPTYPE_UINT32:
      CW_PUT_WHOLE(UInt32, uint32_t, "must be a whole number from 0")
    case FieldDescriptor::CPPTYPE_INT64:
      if (text != nullptr) return SetFromText(message, {field}, *text);
      CW_PUT_WHOLE(Int64, int64_t, "must be a whole number of 64 bits")
    case FieldDescriptor::CPPTYPE_UINT64:
      if (text != nullptr) return SetFromText(message, {field}, *text);
      CW_PUT_WHOLE(UInt64, uint64_t, "must be a whole number from 0")
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const std::optional<double> number = RealNumber(value);
      if (!number) return Wrong("must be a number");
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
        CW_PUT(Double, *number);
      } else {
        CW_PUT(Float, static_cast<float>(*number));
      }
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return PutMessage(message, field, value);
  }
  return Wrong("cannot be set");
}

}  // namespace cartwise::gateway
