#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "cartwise/base/caller.hpp"
#include "domain/credentials.hpp"
#include "domain/listing.hpp"
#include "domain/store.hpp"

/// How a new Pi proves that it belongs to a branch.
namespace cartwise::tenant {

/// BRANCH_NOT_FOUND.
absl::StatusOr<Listing<EnrollmentKey>> ListEnrollmentKeys(Store& store, const Caller& caller,
                                                          const BranchId& branch,
                                                          const PageRequest& page);

/// A key and its secret, which is not kept.
struct IssuedKey {
  EnrollmentKey key;
  std::string secret;
};

/// BRANCH_NOT_FOUND.
absl::StatusOr<IssuedKey> CreateEnrollmentKey(Store& store, const Caller& caller,
                                              Credentials& credentials,
                                              const NewEnrollmentKey& want, absl::Time now);

/// BRANCH_NOT_FOUND, ENROLLMENT_KEY_NOT_FOUND.
absl::Status RevokeEnrollmentKey(Store& store, const Caller& caller, const BranchId& branch,
                                 const EnrollmentKeyId& id, absl::Time now);

/// Spends a use of the key for the device with this MAC address, unless it has
/// spent one before. ENROLLMENT_KEY_INVALID. INVALID_FIELD for a bad address.
absl::StatusOr<BranchEntry> RedeemEnrollmentKey(Store& store, const Caller& caller,
                                                Credentials& credentials, const std::string& secret,
                                                const std::string& mac_address, absl::Time now);

/// Six hex pairs with colons or dashes, in lower case with colons.
absl::StatusOr<std::string> ParseMacAddress(std::string_view text);

}  // namespace cartwise::tenant
