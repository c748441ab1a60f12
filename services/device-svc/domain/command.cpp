#include "domain/command.hpp"

#include <algorithm>
#include <cstdlib>

#include "cartwise/base/fields.hpp"

namespace cartwise::device {
namespace {

constexpr std::array<std::string_view, 6> kStates = {"SENT",    "SUCCEEDED", "FAILED",
                                                     "DROPPED", "REJECTED",  "UNKNOWN"};
constexpr size_t kMostArguments = 16 * 1024;

bool IsKind(std::string_view kind) {
  const size_t dot = kind.find('.');
  if (dot == 0 || dot == std::string_view::npos || dot + 1 == kind.size()) return false;
  return kind.size() <= 100 && std::all_of(kind.begin(), kind.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
         });
}

}  // namespace

std::string_view NameOf(CommandState state) {
  return kStates[size_t(state)];
}

CommandState CommandStateNamed(std::string_view name) {
  for (size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == name) return CommandState(i);
  }
  std::abort();
}

absl::Status NewCommand::Check() const {
  errors::FieldErrors errors;
  errors.Require(IsKind(kind), "kind", "must be <area>.<verb>, like lock.unlock");
  errors.Require(ttl >= kLeastTtl && ttl <= kMostTtl, "ttl_ms", "must be 500 to 60000");
  errors.Require(arguments.size() <= kMostArguments, "arguments", "must be at most 16 KiB");
  CheckText(errors, "requested_by", requested_by, 1, 200);
  CheckText(errors, "purpose", purpose, 0, 500);
  return errors.ToStatus();
}

bool ActsOnTheWorld(std::string_view kind) {
  constexpr std::string_view kRead = ".read";
  return kind.size() < kRead.size() || kind.substr(kind.size() - kRead.size()) != kRead;
}

}  // namespace cartwise::device
