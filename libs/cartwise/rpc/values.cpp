#include "cartwise/rpc/values.hpp"

#include <absl/strings/str_cat.h>
#include <google/protobuf/util/time_util.h>

#include "cartwise/auth/secrets.hpp"

namespace cartwise::rpc {

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

absl::Time FromTimestamp(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

CommandId CommandFor(const Caller& caller) {
  if (caller.once == nullptr) return CommandId::New();
  const std::string hash =
      auth::Sha256Hex(absl::StrCat(caller.chain.value(), "\n", caller.Label(), "\n",
                                   caller.once->Method(), "\n", caller.once->Key()));
  // Shaped as a UUID of version 8 (RFC 9562: custom).
  return CommandId(absl::StrCat(hash.substr(0, 8), "-", hash.substr(8, 4), "-8", hash.substr(13, 3),
                                "-a", hash.substr(17, 3), "-", hash.substr(20, 12)));
}

}  // namespace cartwise::rpc
