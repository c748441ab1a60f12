#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <absl/functional/function_ref.h>
#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"
#include "domain/keyed_hashes.hpp"

namespace cartwise::tenant {

inline constexpr absl::Duration kShopperTokenLife = absl::Hours(30 * 24);

using ChallengeId = StrongId<struct ChallengeTag>;

/// Who asks for a code or brings one. Phones and addresses as keyed hashes:
/// nothing here can be called.
struct OtpAsker {
  ChainId chain;
  BranchId branch;
  KeyedHashes phone;
  KeyedHashes prefix;   ///< the number without its last four digits
  KeyedHashes address;  ///< the client's network
};

/// A live code as it is kept.
struct Challenge {
  ChallengeId id;
  std::string code_hash;  ///< keyed, over the challenge's id and the code
  absl::Time issued_at;
  absl::Time expires_at;
};

/// What was sent lately around one asker, this send not included.
struct OtpHistory {
  int phone_quarter_hour = 0, phone_hour = 0, phone_day = 0;
  int address_hour = 0, branch_hour = 0, chain_day = 0, day = 0;
  int prefix_hour = 0, prefix_hour_verified = 0;
  std::optional<absl::Time> last_to_phone;
  std::optional<absl::Time> prefix_stopped_until;
  std::optional<absl::Time> phone_blocked_until;  ///< by wrong codes
};

/// Why no code is sent, and when asking again may help.
struct OtpRefusal {
  std::string_view kind;  ///< "phone", "resend", "address", ...; for counting
  absl::Duration wait;
  bool stop_prefix = false;  ///< newly found: to be remembered
};

struct OtpLimits;

/// The rules, in order of how much they tell the asker.
std::optional<OtpRefusal> JudgeSend(const OtpLimits& limits, const OtpHistory& history,
                                    absl::Time now);

/// Six digits, each code equally likely, from a source of uniform numbers.
std::string SixDigits(absl::FunctionRef<uint32_t()> next);

/// Six digits.
bool IsCode(std::string_view text);

/// Takes as long whatever differs.
bool SameSecret(std::string_view a, std::string_view b);

/// The number without its last four digits.
std::string PrefixOf(const std::string& e164);

/// What stands for one client address in limits: an IPv4 address, or the first
/// 64 bits of an IPv6 one, because a client has all the rest to choose from.
std::string NetworkOf(const std::string& peer);

/// 32 hex digits as a UUID of version 8 (RFC 9562: made by own rules).
std::string UuidOfHash(std::string_view hex);

}  // namespace cartwise::tenant
