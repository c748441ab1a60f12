#pragma once

#include "cartwise/auth/tokens.hpp"
#include "domain/devices.hpp"

namespace cartwise::device {

/// Device tokens as signed JWTs.
class SignedTokens final : public Tokens {
 public:
  SignedTokens(auth::SigningKeySource keys, const Clock& clock)
      : keys_(std::move(keys)), clock_(clock) {}
  IssuedToken Issue(const DeviceKey& device) override;

 private:
  const auth::SigningKeySource keys_;
  const Clock& clock_;
};

}  // namespace cartwise::device
