#include "adapters/factor_secrets.hpp"

#include "cartwise/auth/secrets.hpp"
#include "cartwise/auth/totp.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::tenant {
namespace {

constexpr size_t kSecretBytes = 20;  // what RFC 4226 recommends, and every app takes

}  // namespace

NewFactor KeyedFactorSecrets::New(const UserId& user) {
  const std::string secret =
      Base64UrlDecode(auth::RandomSecret("")).value().substr(0, kSecretBytes);
  return {auth::Base32(secret), keys_.Seal(secret, user.value())};
}

absl::StatusOr<std::optional<int64_t>> KeyedFactorSecrets::StepOf(const UserId& user,
                                                                  const std::string& sealed,
                                                                  const std::string& code,
                                                                  absl::Time now) {
  CW_ASSIGN_OR_RETURN(const std::string secret, keys_.Open(sealed, user.value()));
  return auth::MatchTotp(secret, code, now);
}

absl::StatusOr<std::string> KeyedFactorSecrets::Reseal(const UserId& user,
                                                       const std::string& sealed) {
  CW_ASSIGN_OR_RETURN(const std::string secret, keys_.Open(sealed, user.value()));
  return keys_.Seal(secret, user.value());
}

}  // namespace cartwise::tenant
