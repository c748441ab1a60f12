#include "adapters/credentials.hpp"

#include "cartwise/auth/guessable.hpp"
#include "cartwise/auth/secrets.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/reasons.hpp"

namespace cartwise::tenant {
namespace {

constexpr int kMostRunning = 2;
constexpr int kMostWaiting = 16;

}  // namespace

// Gives the turn back at the end of the scope.
class SignedCredentials::Turn {
 public:
  explicit Turn(SignedCredentials& credentials) : credentials_(credentials) {}
  ~Turn() { credentials_.Leave(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  SignedCredentials& credentials_;
};

absl::Status SignedCredentials::Enter(absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  if (running_ >= kMostRunning) {
    if (waiting_ >= kMostWaiting) return reasons::SignInBusy();
    const auto free = [this]()
                          ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return running_ < kMostRunning; };
    ++waiting_;
    const bool got = mutex_.AwaitWithDeadline(absl::Condition(&free), deadline);
    --waiting_;
    if (!got) return reasons::SignInBusy();
  }
  ++running_;
  return absl::OkStatus();
}

void SignedCredentials::Leave() {
  absl::MutexLock lock(&mutex_);
  --running_;
}

absl::StatusOr<std::string> SignedCredentials::HashPassword(std::string_view password,
                                                            absl::Time deadline) {
  CW_RETURN_IF_ERROR(Enter(deadline));
  const Turn turn(*this);
  return auth::HashPassword(password);
}

absl::StatusOr<bool> SignedCredentials::VerifyPassword(std::string_view password,
                                                       const std::string& hash,
                                                       absl::Time deadline) {
  CW_RETURN_IF_ERROR(Enter(deadline));
  const Turn turn(*this);
  if (!hash.empty()) return auth::VerifyPassword(password, hash);
  auth::BurnPasswordTime(password);
  return false;
}

bool SignedCredentials::IsGuessable(std::string_view password,
                                    const std::vector<std::string>& words) {
  return auth::IsGuessable(password, words);
}

std::string SignedCredentials::NewSecret(std::string_view prefix) {
  return auth::RandomSecret(prefix);
}

std::string SignedCredentials::HashSecret(std::string_view secret) {
  return auth::Sha256Hex(secret);
}

std::string SignedCredentials::AccessToken(const Caller& caller, absl::Time now,
                                           absl::Duration life) {
  return auth::IssueToken(keys_().Newest(), caller, now, life);
}

}  // namespace cartwise::tenant
