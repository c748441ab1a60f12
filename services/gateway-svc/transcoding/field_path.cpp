#include "transcoding/field_path.hpp"

#include <absl/strings/escaping.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <google/protobuf/util/time_util.h>

namespace cartwise::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::TimeUtil;

absl::Status Wrong(std::string_view what) {
  return absl::InvalidArgumentError(std::string(what));
}

/// Sets or appends, whichever the field wants.
#define CW_PUT(Type, value)                                             \
  (field->is_repeated() ? reflection->Add##Type(&message, field, value) \
                        : reflection->Set##Type(&message, field, value))

absl::Status PutEnum(Message& message, const FieldDescriptor* field, const std::string& text) {
  const Reflection* reflection = message.GetReflection();
  const EnumValueDescriptor* value = field->enum_type()->FindValueByName(text);
  if (value == nullptr) {
    std::vector<std::string> names;
    for (int i = 0; i < field->enum_type()->value_count(); ++i) {
      names.push_back(field->enum_type()->value(i)->name());
    }
    return Wrong(absl::StrCat("must be one of ", absl::StrJoin(names, ", ")));
  }
  CW_PUT(Enum, value);
  return absl::OkStatus();
}

absl::Status PutWellKnown(Message& message, const FieldDescriptor* field, const std::string& text) {
  const Reflection* reflection = message.GetReflection();
  std::string bytes;
  if (field->message_type()->full_name() == "google.protobuf.Timestamp") {
    google::protobuf::Timestamp time;
    if (!TimeUtil::FromString(text, &time)) {
      return Wrong("must be a time in RFC 3339, 2026-01-31T12:00:00Z");
    }
    bytes = time.SerializeAsString();
  } else {
    google::protobuf::Duration duration;
    if (!TimeUtil::FromString(text, &duration)) return Wrong("must be seconds with an s, 1.5s");
    bytes = duration.SerializeAsString();
  }
  Message* target = field->is_repeated() ? reflection->AddMessage(&message, field)
                                         : reflection->MutableMessage(&message, field);
  target->ParseFromString(bytes);
  return absl::OkStatus();
}

absl::Status PutBytes(Message& message, const FieldDescriptor* field, const std::string& text) {
  const Reflection* reflection = message.GetReflection();
  std::string bytes;
  if (!absl::Base64Unescape(text, &bytes) && !absl::WebSafeBase64Unescape(text, &bytes)) {
    return Wrong("must be base64");
  }
  CW_PUT(String, bytes);
  return absl::OkStatus();
}

absl::Status Put(Message& message, const FieldDescriptor* field, const std::string& text) {
  const Reflection* reflection = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field->type() == FieldDescriptor::TYPE_BYTES) return PutBytes(message, field, text);
      CW_PUT(String, text);
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_BOOL:
      if (text != "true" && text != "false") return Wrong("must be true or false");
      CW_PUT(Bool, text == "true");
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_INT32: {
      int32_t number = 0;
      if (!absl::SimpleAtoi(text, &number)) return Wrong("must be a whole number of 32 bits");
      CW_PUT(Int32, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      uint32_t number = 0;
      if (!absl::SimpleAtoi(text, &number)) return Wrong("must be a whole number from 0");
      CW_PUT(UInt32, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      int64_t number = 0;
      if (!absl::SimpleAtoi(text, &number)) return Wrong("must be a whole number of 64 bits");
      CW_PUT(Int64, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      uint64_t number = 0;
      if (!absl::SimpleAtoi(text, &number)) return Wrong("must be a whole number from 0");
      CW_PUT(UInt64, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_FLOAT: {
      float number = 0;
      if (!absl::SimpleAtof(text, &number)) return Wrong("must be a number");
      CW_PUT(Float, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      double number = 0;
      if (!absl::SimpleAtod(text, &number)) return Wrong("must be a number");
      CW_PUT(Double, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_ENUM:
      return PutEnum(message, field, text);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return PutWellKnown(message, field, text);
  }
  return Wrong("cannot be set here");
}

#undef CW_PUT

}  // namespace

FieldPath FindFieldPath(const Descriptor* type, std::string_view dotted) {
  FieldPath path;
  for (const std::string& name :
       std::vector<std::string>(absl::StrSplit(std::string(dotted), '.'))) {
    if (type == nullptr) return {};
    const FieldDescriptor* field = type->FindFieldByName(name);
    if (field == nullptr) return {};
    if (!path.empty() && path.back()->is_repeated()) return {};
    path.push_back(field);
    type = field->message_type();
  }
  return path;
}

std::string FieldPathName(const FieldPath& path) {
  return absl::StrJoin(path, ".", [](std::string* out, const FieldDescriptor* field) {
    out->append(field->name());
  });
}

bool IsTextField(const FieldDescriptor* field) {
  if (field->message_type() == nullptr) return true;
  const std::string& name = field->message_type()->full_name();
  return name == "google.protobuf.Timestamp" || name == "google.protobuf.Duration";
}

absl::Status SetFromText(Message& message, const FieldPath& path, std::string_view text) {
  Message* holder = &message;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    holder = holder->GetReflection()->MutableMessage(holder, path[i]);
  }
  return Put(*holder, path.back(), std::string(text));
}

std::string GetAsText(const Message& message, const FieldPath& path) {
  const Message* holder = &message;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    holder = &holder->GetReflection()->GetMessage(*holder, path[i]);
  }
  const Reflection* reflection = holder->GetReflection();
  const FieldDescriptor* field = path.back();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = reflection->GetString(*holder, field);
      return field->type() == FieldDescriptor::TYPE_BYTES ? absl::Base64Escape(text) : text;
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetBool(*holder, field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection->GetInt32(*holder, field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection->GetUInt32(*holder, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection->GetInt64(*holder, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(reflection->GetUInt64(*holder, field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrCat(reflection->GetFloat(*holder, field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(reflection->GetDouble(*holder, field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrCat(reflection->GetEnumValue(*holder, field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "";
}

bool IsSet(const Message& message, const FieldPath& path) {
  const Message* holder = &message;
  for (const FieldDescriptor* field : path) {
    const Reflection* reflection = holder->GetReflection();
    if (field->is_repeated()) return reflection->FieldSize(*holder, field) > 0;
    if (!reflection->HasField(*holder, field)) return false;
    if (field != path.back()) holder = &reflection->GetMessage(*holder, field);
  }
  return true;
}

}  // namespace cartwise::gateway
