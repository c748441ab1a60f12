#pragma once

#include "cartwise/pg/pool.hpp"
#include "domain/otp_ports.hpp"

namespace cartwise::tenant {

/// What is kept of one-time codes on PostgreSQL, for one transaction over all
/// tenants.
class PgOtpStore final : public OtpStore {
 public:
  explicit PgOtpStore(pg::Transaction& tx) : tx_(tx) {}

  absl::StatusOr<OtpHistory> History(const OtpAsker& asker, absl::Time now) override;
  absl::Status HoldSends() override;
  absl::Status InsertChallenge(const OtpAsker& asker, const Challenge& challenge) override;
  absl::Status StopPrefix(const OtpAsker& asker, absl::Time until) override;
  absl::StatusOr<std::optional<Challenge>> TakeChallenge(const OtpAsker& asker,
                                                         absl::Time now) override;
  absl::StatusOr<std::optional<absl::Time>> BlockedUntil(const OtpAsker& asker,
                                                         absl::Time now) override;
  absl::StatusOr<bool> SpendTry(const OtpAsker& asker, const OtpLimits& limits,
                                absl::Time now) override;
  absl::Status ReturnTry(const OtpAsker& asker, const OtpLimits& limits) override;
  absl::StatusOr<bool> SpendChallenge(const OtpAsker& asker, const Challenge& challenge,
                                      absl::Time now) override;
  absl::Status DropChallenge(const OtpAsker& asker) override;

 private:
  pg::Transaction& tx_;
};

}  // namespace cartwise::tenant
