#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "domain/otp_ports.hpp"

namespace cartwise::tenant {

/// Keeps what it is given to send. Thread-safe.
class FakeSms final : public Sms {
 public:
  absl::Status next;

  absl::Status Send(const CodeMessage& message, absl::Time) override {
    std::lock_guard lock(mutex_);
    sent_.push_back(message);
    return next;
  }
  std::vector<CodeMessage> sent() const {
    std::lock_guard lock(mutex_);
    return sent_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<CodeMessage> sent_;
};

/// Secrets without cryptography. Thread-safe.
class FakeOtpSecrets final : public OtpSecrets {
 public:
  std::string NewCode() override { return "123456"; }
  KeyedHashes KeyedAll(std::string_view purpose, const std::string& text) override {
    return {"keyed:" + std::string(purpose) + ":" + text};
  }
};

/// Counts. Thread-safe.
class FakeOtpWatch final : public OtpWatch {
 public:
  void Sent(const absl::Status& result) override { Add(result.ok() ? "sent" : "failed"); }
  void Refused(std::string_view kind) override { Add(std::string(kind)); }
  void Verified() override { Add("verified"); }

  int operator[](const std::string& what) const {
    std::lock_guard lock(mutex_);
    const auto found = counts_.find(what);
    return found == counts_.end() ? 0 : found->second;
  }

 private:
  void Add(const std::string& what) {
    std::lock_guard lock(mutex_);
    ++counts_[what];
  }
  mutable std::mutex mutex_;
  std::map<std::string, int> counts_;
};

}  // namespace cartwise::tenant
