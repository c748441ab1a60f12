#include "cartwise/auth/claims.hpp"

#include <cstdint>
#include <set>
#include <vector>

#include <nlohmann/json.hpp>

#include "cartwise/base/ids.hpp"

namespace cartwise::auth {
namespace {

using nlohmann::json;

constexpr char kAudience[] = "cartwise";

struct Kind {
  Principal principal;
  const char* typ;
};
constexpr Kind kKinds[] = {{Principal::kStaff, "at+jwt"},
                           {Principal::kShopper, "shopper+jwt"},
                           {Principal::kDevice, "device+jwt"},
                           {Principal::kApiKey, "key+jwt"}};

// A JSON object in which no member comes twice: two readers of one token must
// not see two different tokens.
std::optional<json> ParseStrict(std::string_view text) {
  std::vector<std::set<std::string>> open;
  bool repeated = false;
  const auto watch = [&](int, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start) open.emplace_back();
    if (event == json::parse_event_t::object_end) open.pop_back();
    if (event == json::parse_event_t::key) {
      repeated |= !open.back().insert(value.get<std::string>()).second;
    }
    return true;
  };
  json value = json::parse(text, watch, /*allow_exceptions=*/false);
  if (repeated || !value.is_object()) return std::nullopt;
  return value;
}

std::optional<std::string> TextOf(const json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<absl::Time> TimeOf(const json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  const auto seconds = found->get<uint64_t>();
  if (seconds > 253'402'300'799) return std::nullopt;  // the year 9999
  return absl::FromUnixSeconds(static_cast<int64_t>(seconds));
}

std::optional<Grant> GrantOf(const json& item) {
  if (!item.is_object()) return std::nullopt;
  Grant grant;
  const auto role = TextOf(item, "role");
  if (!role) return std::nullopt;
  grant.role = RoleFromName(*role);
  if (grant.role == Role::kNone) return std::nullopt;
  if (const auto branches = item.find("branches"); branches != item.end()) {
    // An empty list would read as "all branches".
    if (!branches->is_array() || branches->empty()) return std::nullopt;
    for (const json& branch : *branches) {
      if (!branch.is_string() || !IsUuid(branch.get_ref<const std::string&>())) return std::nullopt;
      grant.branches.emplace_back(branch.get<std::string>());
    }
  }
  return grant;
}

bool ReadGrants(const json& object, Caller& caller) {
  const auto grants = object.find("grants");
  if (grants == object.end() || !grants->is_array()) return false;
  for (const json& item : *grants) {
    auto grant = GrantOf(item);
    if (!grant) return false;
    caller.grants.push_back(*std::move(grant));
  }
  return true;
}

// What an API key may do, and how often.
bool ReadKey(const json& object, Caller& caller) {
  const auto scopes = object.find("scopes");
  if (scopes == object.end() || !scopes->is_array()) return false;
  for (const json& scope : *scopes) {
    if (!scope.is_string()) return false;
    caller.scopes.push_back(scope.get<std::string>());
  }
  const auto rate = object.find("rpm");
  if (rate == object.end()) return true;
  if (!rate->is_number_unsigned() || rate->get<uint64_t>() > INT32_MAX) return false;
  caller.requests_per_minute = rate->get<int>();
  return true;
}

// Absent in tokens of those whose rights never changed.
bool ReadRightsVersion(const json& object, Caller& caller) {
  const auto version = object.find("rv");
  if (version == object.end()) return true;
  if (!version->is_number_unsigned() || version->get<uint64_t>() > INT64_MAX) return false;
  caller.rights_version = version->get<int64_t>();
  return true;
}

// Subject, chain and sign-in: UUIDs; only platform admins have no chain.
bool ReadIdentity(const json& object, Caller& caller) {
  const auto subject = TextOf(object, "sub");
  if (!subject || !IsUuid(*subject)) return false;
  caller.subject = *subject;
  if (object.contains("sid")) {
    const auto sign_in = TextOf(object, "sid");
    if (!sign_in || !IsUuid(*sign_in)) return false;
    caller.sign_in = *sign_in;
  }
  if (object.contains("chain")) {
    const auto chain = TextOf(object, "chain");
    if (!chain || !IsUuid(*chain)) return false;
    caller.chain = ChainId(*chain);
  }
  return !caller.chain.empty() || caller.IsPlatformAdmin();
}

}  // namespace

std::string HeaderJson(const std::string& kid, Principal principal) {
  json header{{"alg", "EdDSA"}, {"kid", kid}};
  for (const Kind& kind : kKinds) {
    if (kind.principal == principal) header["typ"] = kind.typ;
  }
  return header.dump();
}

std::string ClaimsJson(const Caller& caller, const std::string& issuer, absl::Time now,
                       absl::Duration life) {
  json claims{{"iss", issuer},
              {"aud", kAudience},
              {"sub", caller.subject},
              {"jti", NewUuid()},
              {"iat", absl::ToUnixSeconds(now)},
              {"exp", absl::ToUnixSeconds(now + life)}};
  if (!caller.chain.empty()) claims["chain"] = caller.chain.value();
  if (caller.principal == Principal::kShopper) claims["phone"] = caller.phone;
  if (!caller.sign_in.empty()) claims["sid"] = caller.sign_in;
  if (caller.rights_version > 0) claims["rv"] = caller.rights_version;
  if (caller.principal == Principal::kApiKey) {
    claims["scopes"] = caller.scopes;
    if (caller.requests_per_minute > 0) claims["rpm"] = caller.requests_per_minute;
  }
  if (caller.HasRoles()) {
    json grants = json::array();
    for (const Grant& grant : caller.grants) {
      json item{{"role", std::string(RoleName(grant.role))}};
      for (const BranchId& branch : grant.branches) item["branches"].push_back(branch.value());
      grants.push_back(std::move(item));
    }
    claims["grants"] = std::move(grants);
  }
  return claims.dump();
}

std::optional<Jose> ParseHeader(std::string_view text) {
  const auto header = ParseStrict(text);
  if (!header || header->size() != 3 || TextOf(*header, "alg") != "EdDSA") return std::nullopt;
  const auto kid = TextOf(*header, "kid"), typ = TextOf(*header, "typ");
  if (!kid || !typ) return std::nullopt;
  return Jose{*kid, *typ};
}

std::optional<Claims> ParseClaims(std::string_view text, std::string_view typ) {
  const auto object = ParseStrict(text);
  if (!object || TextOf(*object, "aud") != kAudience) return std::nullopt;
  Claims claims;
  for (const Kind& kind : kKinds) {
    if (typ == kind.typ) claims.caller.principal = kind.principal;
  }
  const auto issuer = TextOf(*object, "iss");
  const auto issued = TimeOf(*object, "iat"), expires = TimeOf(*object, "exp");
  if (claims.caller.principal == Principal::kAnonymous || !issuer || !issued || !expires) {
    return std::nullopt;
  }
  claims.issuer = *issuer;
  if (object->contains("nbf")) {
    const auto not_before = TimeOf(*object, "nbf");
    if (!not_before) return std::nullopt;
    claims.not_before = *not_before;
  }
  Caller& caller = claims.caller;
  caller.issued_at = *issued;
  caller.expires_at = *expires;
  if (caller.HasRoles() && !ReadGrants(*object, caller)) return std::nullopt;
  if (caller.principal == Principal::kApiKey && !ReadKey(*object, caller)) return std::nullopt;
  if (!ReadIdentity(*object, caller) || !ReadRightsVersion(*object, caller)) return std::nullopt;
  if (caller.principal == Principal::kShopper) {
    const auto phone = TextOf(*object, "phone");
    if (!phone || phone->empty()) return std::nullopt;
    caller.phone = *phone;
  }
  return claims;
}

}  // namespace cartwise::auth
