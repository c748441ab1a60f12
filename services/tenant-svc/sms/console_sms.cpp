#include "sms/console_sms.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cartwise/base/text.hpp"

namespace cartwise::tenant {

absl::Status ConsoleSms::Send(const CodeMessage& message, absl::Time) {
  const nlohmann::ordered_json entry = {{"time", ToRfc3339(clock_.Now())},
                                        {"phone", MaskPhone(message.phone)},
                                        {"code", message.code}};
  const std::string line = entry.dump() + "\n";
  std::lock_guard lock(mutex_);
  const int file =
      open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return absl::UnavailableError("the console's file cannot be opened");
  const bool written =
      fchmod(file, 0600) == 0 && write(file, line.data(), line.size()) == ssize_t(line.size());
  close(file);
  return written ? absl::OkStatus()
                 : absl::UnavailableError("the console's file cannot be written");
}

}  // namespace cartwise::tenant
