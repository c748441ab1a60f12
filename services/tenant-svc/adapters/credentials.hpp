#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include "cartwise/auth/tokens.hpp"
#include "domain/credentials.hpp"

namespace cartwise::tenant {

/// Credentials on argon2id, SHA-256, Ed25519 tokens and zxcvbn. Thread-safe.
///
/// A password hash takes 64 MB and a tenth of a second, so at most two run at
/// once and a few more wait; the rest are refused with SIGN_IN_BUSY at once, so
/// that a flood of sign-ins takes neither the memory nor every thread.
class SignedCredentials final : public Credentials {
 public:
  explicit SignedCredentials(auth::SigningKeySource keys) : keys_(std::move(keys)) {}

  absl::StatusOr<std::string> HashPassword(std::string_view password, absl::Time deadline) override;
  absl::StatusOr<bool> VerifyPassword(std::string_view password, const std::string& hash,
                                      absl::Time deadline) override;
  bool IsGuessable(std::string_view password, const std::vector<std::string>& words) override;
  std::string NewSecret(std::string_view prefix) override;
  std::string HashSecret(std::string_view secret) override;
  std::string AccessToken(const Caller& caller, absl::Time now, absl::Duration life) override;

 private:
  class Turn;

  absl::Status Enter(absl::Time deadline);
  void Leave();

  const auth::SigningKeySource keys_;
  absl::Mutex mutex_;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace cartwise::tenant
