#pragma once

#include <string>

#include "cartwise/auth/phone_keys.hpp"
#include "domain/erasure.hpp"

namespace cartwise::tenant {

/// PhoneSeal under the phone keys, bound to the erasure. Thread-safe.
class KeyedPhoneSeal final : public PhoneSeal {
 public:
  explicit KeyedPhoneSeal(const auth::PhoneSecrets& secrets) : keys_(secrets, "tenant erasure") {}

  std::string Seal(const std::string& phone, const ErasureId& erasure) const override {
    return keys_.Seal(phone, erasure.value());
  }
  absl::StatusOr<std::string> Open(const std::string& sealed,
                                   const ErasureId& erasure) const override {
    return keys_.Open(sealed, erasure.value());
  }

 private:
  const auth::KeyRing keys_;
};

}  // namespace cartwise::tenant
