#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "cartwise/base/clock.hpp"
#include "domain/credentials.hpp"
#include "domain/otp_limits.hpp"
#include "domain/otp_ports.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// A code was sent.
struct CodeSent {
  absl::Duration resend_after;
  absl::Duration life;
};

/// What a shopper holds after signing in.
struct ShopperSession {
  std::string access_token;
  absl::Duration life = kShopperTokenLife;
};

/// Signs shoppers in by one-time codes. Opens its own transactions, over all
/// tenants, because what is sent is limited over all of them and because a
/// refusal may have something to commit. Thread-safe; lives as long as what it
/// is given.
class OneTimeCodes {
 public:
  struct Parts {
    TenantDatabase& tenants;
    OtpDatabase& database;
    OtpSecrets& secrets;
    Credentials& credentials;
    Sms& sms;
    OtpWatch& watch;
    const Clock& clock;
  };
  OneTimeCodes(Parts parts, OtpLimits limits) : parts_(parts), limits_(std::move(limits)) {}

  /// Sends a code. `user_phone` as typed. INVALID_FIELD, BRANCH_NOT_FOUND,
  /// BRANCH_INACTIVE, TOO_MANY_CODES, TOO_MANY_TRIES, SMS_NOT_SENT.
  absl::StatusOr<CodeSent> Request(const Caller& caller, const std::string& user_phone,
                                   const std::string& branch_id);

  /// Exchanges a code. INVALID_FIELD, BRANCH_NOT_FOUND, BRANCH_INACTIVE,
  /// CODE_INVALID, TOO_MANY_TRIES.
  absl::StatusOr<ShopperSession> Verify(const Caller& caller, const std::string& user_phone,
                                        const std::string& branch_id, const std::string& code);

 private:
  struct Person;  // who asks, with the phone itself
  absl::StatusOr<Person> Know(const Caller& caller, const std::string& user_phone,
                              const std::string& branch_id) const;
  absl::Status Judge(OtpStore& store, const Person& person, absl::Time now, absl::Status& refusal);
  absl::Status Try(OtpStore& store, const Person& person, const std::string& code,
                   absl::Status& refusal);
  KeyedHashes HashCode(const ChallengeId& challenge, const std::string& code) const;

  const Parts parts_;
  const OtpLimits limits_;
};

}  // namespace cartwise::tenant
