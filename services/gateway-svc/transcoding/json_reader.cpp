#include "transcoding/json_reader.hpp"

#include <string>
#include <vector>

#include <absl/container/flat_hash_set.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <nlohmann/json.hpp>

#include "cartwise/base/errors.hpp"
#include "transcoding/field_path.hpp"
#include "transcoding/json_scalar.hpp"

namespace cartwise::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kMaxFaults = 10;

absl::Status InvalidJson(std::string_view what) {
  return errors::Refuse(absl::StatusCode::kInvalidArgument, "INVALID_JSON", what);
}

bool Is(const Descriptor* type, std::string_view name) {
  return type != nullptr && type->full_name() == name;
}
bool IsStruct(const Descriptor* type) {
  return Is(type, "google.protobuf.Struct");
}
bool IsValue(const Descriptor* type) {
  return Is(type, "google.protobuf.Value");
}
bool IsList(const Descriptor* type) {
  return Is(type, "google.protobuf.ListValue");
}

/// A member name as it may be shown: what a client sent, cut and made harmless.
std::string Shown(std::string_view name) {
  std::string text(name.substr(0, 60));
  for (char& c : text) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  return text;
}

/// Hears every token of the document in order and puts it where it belongs;
/// a `false` ends the parsing. One frame per open object or list.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(Message& root) : root_(root) {}

  absl::Status Result() const { return fatal_.ok() ? faults_.ToStatus() : fatal_; }

  bool null() override { return OnNull(); }
  bool boolean(bool value) override { return OnScalar(value); }
  bool number_integer(number_integer_t value) override { return OnScalar(int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) override { return OnScalar(uint64_t{value}); }
  bool number_float(number_float_t value, const string_t&) override { return OnScalar(value); }
  bool binary(binary_t&) override { return false; }
  bool string(string_t& value) override { return NoNul(value) && OnScalar(std::move(value)); }

  bool start_object(size_t) override;
  bool end_object() override { return Close(); }
  bool start_array(size_t) override;
  bool end_array() override { return Close(); }
  bool key(string_t& name) override;
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) override {
    return Fatal(absl::StrCat("the body is not valid JSON, at byte ", position));
  }

 private:
  /// An open object (of a message or of a map) or list. A value that comes is
  /// for `field` of `message`; for nothing when `field` is null.
  struct Frame {
    enum class Kind { kMessage, kMap, kList, kIgnored };
    Kind kind;
    Message* message = nullptr;
    const FieldDescriptor* field = nullptr;
    const FieldDescriptor* map = nullptr;  ///< of `holder`, when a map
    Message* holder = nullptr;
    int index = -1;    ///< of the list's last element
    std::string name;  ///< of the last member
    /// Hashed with a seed: a body cannot choose names that collide.
    absl::flat_hash_set<std::string> seen;
  };

  bool Fatal(std::string_view what) {
    fatal_ = InvalidJson(what);
    return false;
  }
  bool Fault(std::string_view what) {
    faults_.Add(Where(), what);
    return ++fault_count_ < kMaxFaults;
  }
  bool NoNul(const std::string& text) {
    return text.find('\0') == std::string::npos || Fatal("a text may not hold U+0000");
  }
  bool Open(Frame frame) {
    frames_.push_back(std::move(frame));
    return frames_.size() <= kMaxJsonDepth ||
           Fatal(absl::StrCat("the body is nested deeper than ", kMaxJsonDepth));
  }
  bool Close() {
    frames_.pop_back();
    return true;
  }
  bool Ignore(std::string_view fault) { return Fault(fault) && Open(Frame{Frame::Kind::kIgnored}); }

  std::string Where() const;
  bool OnScalar(JsonScalar value);
  bool OnNull();
  bool OpenMap(Message& holder, const FieldDescriptor* map);
  bool OpenObjectOf(Message& message);
  bool OpenList(Message& holder, const FieldDescriptor* field);
  bool SelectField(Frame& frame, const std::string& name);
  bool SelectMapEntry(Frame& frame, const std::string& name);
  Message* Child(const Frame& frame) const;

  Message& root_;
  std::vector<Frame> frames_;
  errors::FieldErrors faults_;
  int fault_count_ = 0;
  absl::Status fatal_;
};

std::string Builder::Where() const {
  std::string path;
  for (const Frame& frame : frames_) {
    if (frame.kind == Frame::Kind::kIgnored) break;
    if (frame.kind == Frame::Kind::kList) {
      absl::StrAppend(&path, "[", frame.index, "]");
    } else if (!frame.name.empty()) {
      absl::StrAppend(&path, path.empty() ? "" : ".", Shown(frame.name));
    }
  }
  return path;
}

bool Builder::OnScalar(JsonScalar value) {
  if (frames_.empty()) return Fatal("the body must be a JSON object");
  Frame& frame = frames_.back();
  if (frame.kind == Frame::Kind::kList) ++frame.index;
  if (frame.field == nullptr) return true;
  if (frame.field->is_map()) return Fault("must be an object");
  if (frame.field->is_repeated() && frame.kind != Frame::Kind::kList)
    return Fault("must be a list");
  const absl::Status status = SetFromJson(*frame.message, frame.field, value);
  return status.ok() || Fault(std::string(status.message()));
}

bool Builder::OnNull() {
  if (frames_.empty()) return Fatal("the body must be a JSON object");
  Frame& frame = frames_.back();
  if (frame.kind == Frame::Kind::kList) ++frame.index;
  if (frame.field == nullptr) return true;
  if (IsValue(frame.field->message_type())) {
    Message* value = Child(frame);
    const FieldDescriptor* null_value = value->GetDescriptor()->FindFieldByName("null_value");
    value->GetReflection()->SetEnumValue(value, null_value, 0);
    return true;
  }
  // Elsewhere null is an absent member; an element cannot be absent.
  return frame.kind == Frame::Kind::kMessage || Fault("may not be null");
}

bool Builder::start_object(size_t) {
  if (frames_.empty()) return OpenObjectOf(root_);
  Frame& frame = frames_.back();
  if (frame.kind == Frame::Kind::kList) ++frame.index;
  if (frame.field == nullptr) return Open(Frame{Frame::Kind::kIgnored});
  if (frame.field->is_map()) return OpenMap(*frame.message, frame.field);
  if (frame.field->is_repeated() && frame.kind != Frame::Kind::kList) {
    return Ignore("must be a list");
  }
  const Descriptor* type = frame.field->message_type();
  if (type == nullptr) return Ignore("must be a single value, not an object");
  if (IsList(type)) return Ignore("must be a list");
  if (IsTextField(frame.field)) return Ignore("must be a text");
  return OpenObjectOf(*Child(frame));
}

bool Builder::OpenObjectOf(Message& message) {
  const Descriptor* type = message.GetDescriptor();
  if (IsStruct(type)) return OpenMap(message, type->FindFieldByName("fields"));
  if (IsValue(type)) {
    Message* nested =
        message.GetReflection()->MutableMessage(&message, type->FindFieldByName("struct_value"));
    return OpenObjectOf(*nested);
  }
  Frame frame{Frame::Kind::kMessage};
  frame.message = &message;
  return Open(std::move(frame));
}

bool Builder::OpenMap(Message& holder, const FieldDescriptor* map) {
  Frame frame{Frame::Kind::kMap};
  frame.holder = &holder;
  frame.map = map;
  return Open(std::move(frame));
}

bool Builder::OpenList(Message& holder, const FieldDescriptor* field) {
  Frame frame{Frame::Kind::kList};
  frame.message = &holder;
  frame.field = field;
  return Open(std::move(frame));
}

bool Builder::start_array(size_t) {
  if (frames_.empty()) return Fatal("the body must be a JSON object");
  Frame& frame = frames_.back();
  if (frame.kind == Frame::Kind::kList) ++frame.index;
  if (frame.field == nullptr) return Open(Frame{Frame::Kind::kIgnored});
  const bool element = frame.kind == Frame::Kind::kList;
  if (frame.field->is_repeated() && !frame.field->is_map() && !element) {
    return OpenList(*frame.message, frame.field);
  }
  const Descriptor* type = frame.field->is_map() ? nullptr : frame.field->message_type();
  if (!IsValue(type) && !IsList(type)) return Ignore("must not be a list");
  Message* list = Child(frame);
  if (IsValue(type)) {
    list = list->GetReflection()->MutableMessage(
        list, list->GetDescriptor()->FindFieldByName("list_value"));
  }
  return OpenList(*list, list->GetDescriptor()->FindFieldByName("values"));
}

Message* Builder::Child(const Frame& frame) const {
  const Reflection* reflection = frame.message->GetReflection();
  return frame.field->is_repeated() ? reflection->AddMessage(frame.message, frame.field)
                                    : reflection->MutableMessage(frame.message, frame.field);
}

bool Builder::key(string_t& name) {
  if (!NoNul(name)) return false;
  Frame& frame = frames_.back();
  if (frame.kind == Frame::Kind::kIgnored) return true;
  frame.name = name;
  frame.field = nullptr;
  if (!frame.seen.insert(name).second) return Fault("comes twice in one object");
  return frame.kind == Frame::Kind::kMap ? SelectMapEntry(frame, name) : SelectField(frame, name);
}

bool Builder::SelectField(Frame& frame, const std::string& name) {
  const FieldDescriptor* field = frame.message->GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return Fault("is not known");
  const auto* oneof = field->real_containing_oneof();
  if (oneof != nullptr && frame.message->GetReflection()->HasOneof(*frame.message, oneof)) {
    return Fault(absl::StrCat("only one of ", oneof->name(), " may be set"));
  }
  frame.field = field;
  return true;
}

bool Builder::SelectMapEntry(Frame& frame, const std::string& name) {
  frame.message = frame.holder->GetReflection()->AddMessage(frame.holder, frame.map);
  const Descriptor* entry = frame.map->message_type();
  frame.field = entry->map_value();
  const absl::Status status = SetFromText(*frame.message, {entry->map_key()}, name);
  if (status.ok()) return true;
  frame.field = nullptr;
  return Fault(std::string(status.message()));
}

}  // namespace

absl::Status ReadJson(std::string_view json, Message& out) {
  Builder builder(out);
  nlohmann::json::sax_parse(json.begin(), json.end(), &builder);
  return builder.Result();
}

}  // namespace cartwise::gateway
