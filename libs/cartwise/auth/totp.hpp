#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <absl/time/time.h>

/// One-time codes of RFC 6238 (SHA-1, steps of 30 s, six digits): what every
/// authenticator app makes.
namespace cartwise::auth {

/// Which step `now` is in.
int64_t TotpStep(absl::Time now);

/// The six digits of a step; `secret` as bytes.
std::string TotpCode(const std::string& secret, int64_t step);

/// The step that `code` is of: this one or a neighbour, for clocks that differ;
/// nullopt for any other code. In the same time whichever it is.
std::optional<int64_t> MatchTotp(const std::string& secret, std::string_view code, absl::Time now);

/// As apps take secrets: A-Z and 2-7, padded to eights with `=`.
std::string Base32(const std::string& bytes);

}  // namespace cartwise::auth
