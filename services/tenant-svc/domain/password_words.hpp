#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "domain/chain.hpp"
#include "domain/credentials.hpp"
#include "domain/store.hpp"
#include "domain/user.hpp"

namespace cartwise::tenant {

/// What anybody tries first at this user: our own name, the parts of the chain's
/// name and slug, of the user's name and of the e-mail, and each as a whole; in
/// lower case, three bytes and more. `chain` is null for a platform admin.
std::vector<std::string> WordsAbout(const User& user, const Chain* chain);

/// PASSWORD_GUESSABLE for a password among the leaked ones, or made of little but
/// words of dictionaries and of WordsAbout. Reads the user's chain.
absl::Status CheckGuessable(Store& store, Credentials& credentials, const User& user,
                            std::string_view password);

}  // namespace cartwise::tenant
