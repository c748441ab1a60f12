#pragma once

#include <string>

#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"
#include "domain/user.hpp"

namespace cartwise::tenant {

using SignInId = StrongId<struct SignInTag>;
using RefreshTokenId = StrongId<struct RefreshTokenTag>;

inline constexpr absl::Duration kAccessTokenLife = absl::Minutes(15);
inline constexpr absl::Duration kRefreshTokenLife = absl::Hours(30 * 24);

/// One sign-in of one user: the family of the refresh tokens that come out of it.
struct SignIn {
  SignInId id;
  ChainId chain;  ///< empty for a platform admin
  UserId user;
  absl::Time started_at;
};

/// A sign-in that has not ended, as its user sees it.
struct LiveSignIn {
  SignInId id;
  absl::Time created_at;
  absl::Time used_at;   ///< when its tokens were last made
  std::string address;  ///< the network that asked for them; may be empty
};

/// A refresh token as it is kept: the secret itself is not.
struct RefreshToken {
  RefreshTokenId id;
  SignIn sign_in;
  std::string hash;
  absl::Time issued_at;
  absl::Time expires_at;
  bool used = false;
  bool revoked = false;  ///< the family is

  /// What a token is worth when it comes back.
  enum class Worth {
    kGood,
    kReused,   ///< spent before: stolen or lost, the family must end
    kInvalid,  ///< expired or revoked
  };
  Worth WorthAt(absl::Time now) const {
    if (used) return Worth::kReused;
    return revoked || now >= expires_at ? Worth::kInvalid : Worth::kGood;
  }
};

inline constexpr absl::Duration kPasswordLinkLife = absl::Hours(24);

/// A link with which a user sets a password, as it is kept.
struct PasswordLink {
  ChainId chain;
  UserId user;
  absl::Time created_at;
  absl::Time expires_at;
  std::string created_by;  ///< Caller::Label
};

/// What a client holds after signing in.
struct Session {
  std::string access_token;
  std::string refresh_token;
  absl::Duration access_token_life = kAccessTokenLife;
};

}  // namespace cartwise::tenant
