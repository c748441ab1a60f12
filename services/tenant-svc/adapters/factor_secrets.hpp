#pragma once

#include "cartwise/auth/phone_keys.hpp"
#include "domain/second_factor.hpp"

namespace cartwise::tenant {

/// FactorSecrets under the phone keys, each bound to its user; codes of RFC 6238.
/// Thread-safe.
class KeyedFactorSecrets final : public FactorSecrets {
 public:
  explicit KeyedFactorSecrets(const auth::PhoneSecrets& secrets)
      : keys_(secrets, "tenant second factor") {}

  NewFactor New(const UserId& user) override;
  absl::StatusOr<std::optional<int64_t>> StepOf(const UserId& user, const std::string& sealed,
                                                const std::string& code, absl::Time now) override;
  absl::StatusOr<std::string> Reseal(const UserId& user, const std::string& sealed) override;

 private:
  const auth::KeyRing keys_;
};

}  // namespace cartwise::tenant
