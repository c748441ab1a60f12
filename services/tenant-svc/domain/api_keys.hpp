#pragma once

#include <set>
#include <string>

#include <absl/status/statusor.h>

#include "cartwise/base/caller.hpp"
#include "domain/credentials.hpp"
#include "domain/listing.hpp"
#include "domain/store.hpp"

/// How programs of a chain prove who they are.
namespace cartwise::tenant {

/// Keys the caller administers, newest first. One limited to branches sees those
/// that are limited to some of the same.
absl::StatusOr<Listing<ApiKey>> ListApiKeys(Store& store, const Caller& caller,
                                            const PageRequest& page);

/// A key that ListApiKeys shows. API_KEY_NOT_FOUND.
absl::StatusOr<ApiKey> GetApiKey(Store& store, const Caller& caller, const ApiKeyId& id);

/// A key and its secret, which is not kept.
struct IssuedApiKey {
  ApiKey key;
  std::string secret;
};

/// Id, chain, maker and times of `want` are given here, but for its end; `known`
/// are the scopes there are. INVALID_FIELD, ROLE_ABOVE_OWN, BRANCH_NOT_FOUND,
/// CHAIN_STAFF_ONLY, SIGN_IN_REQUIRED.
absl::StatusOr<IssuedApiKey> CreateApiKey(Store& store, const Caller& caller,
                                          Credentials& credentials,
                                          const std::set<std::string>& known, ApiKey want,
                                          absl::Time now);

/// Twice is once. API_KEY_NOT_FOUND.
absl::Status RevokeApiKey(Store& store, const Caller& caller, const ApiKeyId& id, absl::Time now);

/// A short token in place of a key.
struct ApiKeyToken {
  std::string token;
  absl::Time expires_at;
};

/// The token holds what the key may do now. API_KEY_INVALID, one text for every cause.
absl::StatusOr<ApiKeyToken> ExchangeApiKey(Store& store, Credentials& credentials,
                                           const std::string& secret, absl::Time now);

}  // namespace cartwise::tenant
