#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "transcoding/wire.hpp"

namespace cartwise::gateway {

struct MessageLayout;

/// One field, as far as writing it as JSON needs to know.
struct FieldLayout {
  uint32_t number = 0;
  google::protobuf::FieldDescriptor::Type type{};
  WireType wire{};
  bool repeated = false;  ///< maps too
  bool map = false;
  bool packable = false;  ///< repeated scalars may come as one run of bytes
  int oneof = -1;
  std::string name;                        ///< "\"cart_number\":"
  std::string absent;                      ///< text when it is not on the wire; empty: leave it out
  const MessageLayout* message = nullptr;  ///< of messages and map entries
  std::unordered_map<int32_t, std::string> enum_texts;  ///< by number, in quotes
};

/// How JSON writes a message.
struct MessageLayout {
  enum class Form {
    kObject,
    kTimestamp,
    kDuration,
    kOnlyField,  ///< Struct and ListValue: their one field without the object around it
    kAnyValue,   ///< Value: whichever member is set
  };
  Form form = Form::kObject;
  std::vector<FieldLayout> fields;  ///< as declared
};

/// Layouts of messages and of all they hold. Immutable once filled.
class JsonLayouts {
 public:
  const MessageLayout* Add(const google::protobuf::Descriptor* type);

 private:
  FieldLayout LayOut(const google::protobuf::FieldDescriptor* field);

  std::unordered_map<const google::protobuf::Descriptor*, std::unique_ptr<MessageLayout>> all_;
};

}  // namespace cartwise::gateway
