#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/time/time.h>

#include "cartwise/base/caller.hpp"

namespace cartwise::auth {

/// The two JSON parts of a token.
struct Jose {
  std::string kid;
  std::string typ;
};

struct Claims {
  Caller caller;
  std::string issuer;
  absl::Time not_before = absl::InfinitePast();
};

std::string HeaderJson(const std::string& kid, Principal principal);
std::string ClaimsJson(const Caller& caller, const std::string& issuer, absl::Time now,
                       absl::Duration life);

/// Exactly {alg: "EdDSA", kid, typ}: any other member (`crit`, `jwk`, `b64`,
/// ...), another algorithm or a repeated member is nullopt.
std::optional<Jose> ParseHeader(std::string_view json);

/// nullopt unless every claim that `typ` needs is there with its type and no
/// member comes twice. `aud` is checked here, time and issuer by the caller.
std::optional<Claims> ParseClaims(std::string_view json, std::string_view typ);

}  // namespace cartwise::auth
