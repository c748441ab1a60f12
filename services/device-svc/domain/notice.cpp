#include "domain/notice.hpp"

#include <array>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>

namespace cartwise::device {
namespace {

constexpr std::array<const char*, 4> kKinds = {"order", "settled", "configure", "end"};

}  // namespace

std::string Notice::Text() const {
  return absl::StrCat(kKinds[size_t(kind)], " ", chain.value(), " ", id);
}

absl::StatusOr<Notice> Notice::Parse(std::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(std::string(text), ' ');
  if (parts.size() == 3 && IsUuid(parts[1]) && IsUuid(parts[2])) {
    for (size_t i = 0; i < kKinds.size(); ++i) {
      if (parts[0] == kKinds[i]) return Notice{Kind(i), ChainId(parts[1]), parts[2]};
    }
  }
  return absl::InvalidArgumentError("not a notice of this service");
}

std::string ChannelOf(const ReplicaId& replica) {
  return absl::StrCat("device_", absl::StrReplaceAll(replica.value(), {{"-", "_"}}));
}

}  // namespace cartwise::device
