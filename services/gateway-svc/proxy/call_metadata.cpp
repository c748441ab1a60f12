#include "proxy/call_metadata.hpp"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/ids.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/rpc/policy.hpp"

namespace cartwise::gateway {
namespace {

bool IsHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}
bool IsZero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

bool IsTraceparent(std::string_view text) {
  return text.size() == 55 && text.starts_with("00-") && text[35] == '-' && text[52] == '-' &&
         IsHex(text.substr(3, 32)) && IsHex(text.substr(36, 16)) && IsHex(text.substr(53)) &&
         !IsZero(text.substr(3, 32)) && !IsZero(text.substr(36, 16));
}

std::string RandomHex() {
  return absl::StrReplaceAll(NewUuid(), {{"-", ""}});
}

absl::Status BadScheme() {
  return errors::Refuse(absl::StatusCode::kUnauthenticated, "BAD_TOKEN",
                        "send the token as Authorization: Bearer <token>");
}

absl::StatusOr<Caller> Identify(const auth::TokenVerifier& tokens, const Revocations& revocations,
                                const std::string& authorization) {
  constexpr size_t kScheme = 7;
  if (authorization.size() <= kScheme ||
      !absl::EqualsIgnoreCase(authorization.substr(0, kScheme), "Bearer ")) {
    return BadScheme();
  }
  CW_ASSIGN_OR_RETURN(Caller caller,
                      tokens.Verify(std::string_view(authorization).substr(kScheme)));
  // Made for services: whoever brings it took it from one.
  if (caller.principal == Principal::kApiKey) return BadScheme();
  CW_RETURN_IF_ERROR(revocations.Check(caller));
  return caller;
}

/// And puts the key's token in its place.
absl::StatusOr<Caller> Identify(const KeyAnswer& key, std::string& authorization) {
  CW_RETURN_IF_ERROR(key.status());
  authorization = absl::StrCat("Bearer ", (*key)->token);
  return (*key)->caller;
}

}  // namespace

std::string NextTraceparent(std::string_view header) {
  const std::string trace = IsTraceparent(header) ? std::string(header.substr(3, 32)) : RandomHex();
  // The last 16 digits of a new UUID are its random part.
  return absl::StrCat("00-", trace, "-", RandomHex().substr(16), "-01");
}

std::string TraceIdOf(std::string_view traceparent) {
  return std::string(traceparent.substr(3, 32));
}

absl::StatusOr<Caller> Admit(const Method& method, const auth::TokenVerifier& tokens,
                             const Revocations& revocations, const std::optional<KeyAnswer>& key,
                             std::string& authorization) {
  Caller caller;
  if (!authorization.empty()) {
    absl::StatusOr<Caller> proven =
        key ? Identify(*key, authorization) : Identify(tokens, revocations, authorization);
    if (proven.ok()) {
      caller = *std::move(proven);
    } else if (method.AllowsAnonymous()) {
      authorization.clear();
    } else {
      return proven.status();
    }
  }
  CW_RETURN_IF_ERROR(rpc::CheckPolicy(*method.policy, caller, nullptr));
  return caller;
}

}  // namespace cartwise::gateway
