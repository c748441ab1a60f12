#pragma once

#include <string>

#include "domain/second_factor.hpp"

namespace cartwise::tenant {

/// Codes that are the number of their step, in six digits.
class FakeFactorSecrets final : public FactorSecrets {
 public:
  static int64_t Step(absl::Time now) { return absl::ToUnixSeconds(now) / 30; }
  static std::string Code(absl::Time now) {
    const std::string digits = std::to_string(Step(now));
    return digits.substr(digits.size() - 6);
  }

  NewFactor New(const UserId& user) override { return {"BASE32", "sealed:" + user.value()}; }
  absl::StatusOr<std::optional<int64_t>> StepOf(const UserId& user, const std::string& sealed,
                                                const std::string& code, absl::Time now) override {
    if (sealed != "sealed:" + user.value()) return absl::DataLossError("another's");
    if (code == Code(now)) return Step(now);
    return std::nullopt;
  }
  absl::StatusOr<std::string> Reseal(const UserId&, const std::string& sealed) override {
    return sealed;
  }
};

}  // namespace cartwise::tenant
