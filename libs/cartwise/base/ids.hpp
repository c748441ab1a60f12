#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace cartwise {

/// A new UUID version 7 (RFC 9562): time-ordered, so index pages stay warm,
/// and rising within a process. Lower case with dashes.
std::string NewUuid();

/// True for 36 characters of a UUID in either case.
bool IsUuid(std::string_view text);

/// A UUID of one kind of thing. Passing a CartId where a BranchId is due does
/// not compile. Empty by default, which no stored thing has.
template <typename Tag>
class StrongId {
 public:
  StrongId() = default;
  /// Trusts `text`: for ids that come from the database or from NewUuid().
  explicit StrongId(std::string text) : text_(std::move(text)) {}

  static StrongId New() { return StrongId(NewUuid()); }

  const std::string& value() const { return text_; }
  bool empty() const { return text_.empty(); }
  auto operator<=>(const StrongId&) const = default;

 private:
  std::string text_;
};

using ChainId = StrongId<struct ChainTag>;
using BranchId = StrongId<struct BranchTag>;
using DeviceId = StrongId<struct DeviceTag>;
using ControllerId = StrongId<struct ControllerTag>;
using CommandId = StrongId<struct CommandTag>;
using UserId = StrongId<struct UserTag>;
using EventId = StrongId<struct EventTag>;

/// Checks text from outside: INVALID_ARGUMENT naming `field` unless it is a
/// UUID; the result is in lower case.
template <typename Id>
absl::StatusOr<Id> ParseId(std::string_view field, std::string_view text);

namespace internal {
absl::StatusOr<std::string> ParseUuid(std::string_view field, std::string_view text);
}

template <typename Id>
absl::StatusOr<Id> ParseId(std::string_view field, std::string_view text) {
  auto parsed = internal::ParseUuid(field, text);
  if (!parsed.ok()) return std::move(parsed).status();
  return Id(*std::move(parsed));
}

/// For a field that may be left out: empty text is an empty id.
template <typename Id>
absl::StatusOr<Id> ParseOptionalId(std::string_view field, std::string_view text) {
  if (text.empty()) return Id();
  return ParseId<Id>(field, text);
}

}  // namespace cartwise

template <typename Tag>
struct std::hash<cartwise::StrongId<Tag>> {
  size_t operator()(const cartwise::StrongId<Tag>& id) const {
    return std::hash<std::string>()(id.value());
  }
};
