#pragma once

#include <string>

#include <absl/status/status.h>

#include "cartwise/pg/pool.hpp"
#include "domain/phone_vault.hpp"

/// Which keys the hashes of phones are made with: the table rental.look_up_keys,
/// whose migration tells its rules.
namespace cartwise::rental {

/// True when the hashes $`n` are not of every key that rentals may be found by.
#define LOOK_UP_KEY_MISSING(n)                                    \
  "EXISTS (SELECT FROM rental.look_up_keys l WHERE l.tag <> ALL " \
  "(SELECT left(h, -64) FROM unnest($" #n "::text[]) h))"

/// The key's id in the key file, from its tag.
std::string LookUpKeyName(const std::string& tag);

/// UNAVAILABLE: another replica may have the key.
absl::Status LookUpKeyMissing();

/// OK when `vault` has every key that rentals may be found by, else
/// FAILED_PRECONDITION with those it lacks.
absl::Status CheckLookUpKeys(pg::Pool& pool, const PhoneVault& vault);

}  // namespace cartwise::rental
