#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "domain/command.hpp"

namespace cartwise::device {

/// A word from one process of this service to another, carried by the
/// database's NOTIFY. Only a hint: whoever gets it looks the facts up.
struct Notice {
  enum class Kind {
    kOrder,      ///< `id` is a command to number and send on your stream
    kSettled,    ///< `id` is a command whose outcome your caller waits for
    kConfigure,  ///< `id` is a device whose boards changed
    kEnd,        ///< `id` is a device whose stream may be over: look
  };
  Kind kind = Kind::kEnd;
  ChainId chain;
  std::string id;

  std::string Text() const;
  static absl::StatusOr<Notice> Parse(std::string_view text);
};

/// The NOTIFY channel that a process listens on.
std::string ChannelOf(const ReplicaId& replica);

}  // namespace cartwise::device
