#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "cartwise/auth/tokens.hpp"
#include "cartwise/base/caller.hpp"
#include "proxy/api_keys.hpp"
#include "revocations/revocations.hpp"
#include "routing/contracts.hpp"

namespace cartwise::gateway {

/// What travels with a call to a service, and nothing else does: metadata of a
/// client is never copied through.
struct CallMetadata {
  std::string authorization;    ///< as the client sent it; empty for none
  std::string idempotency_key;  ///< unquoted; empty for none
  std::string traceparent;
  std::string peer;  ///< address of the client, as x-forwarded-for
};

/// `header` with a span of our own, or a new trace where it is absent or not
/// well formed: 00-<32 hex>-<16 hex>-01.
std::string NextTraceparent(std::string_view header);
/// The 32 hex digits of a well-formed one.
std::string TraceIdOf(std::string_view traceparent);

/// Who sends `authorization`, checked against the method's policy as far as it
/// can be without the request. `key` is what its API key was exchanged for, if it
/// is one; services get that token in its place. A credential that does not hold
/// counts as none where the method admits anybody; `authorization` is cleared then.
absl::StatusOr<Caller> Admit(const Method& method, const auth::TokenVerifier& tokens,
                             const Revocations& revocations, const std::optional<KeyAnswer>& key,
                             std::string& authorization);

}  // namespace cartwise::gateway
