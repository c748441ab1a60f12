#pragma once

#include <mutex>
#include <string>

#include "cartwise/base/clock.hpp"
#include "domain/otp_ports.hpp"

namespace cartwise::tenant {

/// Sends nothing: writes each code to a file that the developer reads, one JSON
/// line `{"time","phone","code"}` with the phone masked. The file is made
/// readable by its owner only. Thread-safe. Not for a real fleet.
class ConsoleSms final : public Sms {
 public:
  ConsoleSms(std::string path, const Clock& clock) : path_(std::move(path)), clock_(clock) {}

  absl::Status Send(const CodeMessage& message, absl::Time deadline) override;

 private:
  const std::string path_;
  const Clock& clock_;
  std::mutex mutex_;
};

}  // namespace cartwise::tenant
