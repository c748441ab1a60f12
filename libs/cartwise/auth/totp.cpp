#include "cartwise/auth/totp.hpp"

#include <cstdlib>

#include <liboath/oath.h>
#include <sodium.h>

namespace cartwise::auth {
namespace {

constexpr int64_t kStepSeconds = 30;
constexpr unsigned kDigits = 6;

}  // namespace

int64_t TotpStep(absl::Time now) {
  return absl::ToUnixSeconds(now) / kStepSeconds;
}

std::string TotpCode(const std::string& secret, int64_t step) {
  static const bool ready = oath_init() == OATH_OK;
  char code[kDigits + 1] = {};
  if (!ready ||
      oath_hotp_generate(secret.data(), secret.size(), static_cast<uint64_t>(step), kDigits,
                         /*add_checksum=*/false, OATH_HOTP_DYNAMIC_TRUNCATION, code) != OATH_OK) {
    std::abort();  // only without memory
  }
  return code;
}

std::optional<int64_t> MatchTotp(const std::string& secret, std::string_view code, absl::Time now) {
  std::optional<int64_t> match;
  for (const int64_t drift : {-1, 0, 1}) {
    const int64_t step = TotpStep(now) + drift;
    const std::string right = TotpCode(secret, step);
    if (code.size() == right.size() &&
        sodium_memcmp(code.data(), right.data(), right.size()) == 0) {
      match = step;
    }
  }
  return match;
}

std::string Base32(const std::string& bytes) {
  char* text = nullptr;
  size_t size = 0;
  if (oath_base32_encode(bytes.data(), bytes.size(), &text, &size) != OATH_OK) std::abort();
  const std::string out(text, size);
  std::free(text);
  return out;
}

}  // namespace cartwise::auth
