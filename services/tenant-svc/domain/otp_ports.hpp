#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "cartwise/base/database.hpp"
#include "domain/otp.hpp"

/// What signing shoppers in needs from outside.
namespace cartwise::tenant {

struct OtpLimits;

/// What is kept of codes, within one transaction.
class OtpStore {
 public:
  virtual ~OtpStore() = default;

  /// Looks; two at once may both find room.
  virtual absl::StatusOr<OtpHistory> History(const OtpAsker& asker, absl::Time now) = 0;
  /// Whoever else is about to send waits until this transaction ends.
  virtual absl::Status HoldSends() = 0;
  /// Makes `challenge` the phone's only live code and writes the send down.
  virtual absl::Status InsertChallenge(const OtpAsker& asker, const Challenge& challenge) = 0;
  virtual absl::Status StopPrefix(const OtpAsker& asker, absl::Time until) = 0;

  /// The phone's code that is live at `now`; whoever else takes it waits until
  /// this transaction ends.
  virtual absl::StatusOr<std::optional<Challenge>> TakeChallenge(const OtpAsker& asker,
                                                                 absl::Time now) = 0;
  virtual absl::StatusOr<std::optional<absl::Time>> BlockedUntil(const OtpAsker& asker,
                                                                 absl::Time now) = 0;
  /// Counts one try before its code is looked at. False when none is left.
  virtual absl::StatusOr<bool> SpendTry(const OtpAsker& asker, const OtpLimits& limits,
                                        absl::Time now) = 0;
  /// Gives back the try that SpendTry took in this transaction.
  virtual absl::Status ReturnTry(const OtpAsker& asker, const OtpLimits& limits) = 0;
  /// Ends the code. False when somebody else did.
  virtual absl::StatusOr<bool> SpendChallenge(const OtpAsker& asker, const Challenge& challenge,
                                              absl::Time now) = 0;
  /// Ends whatever code the phone has.
  virtual absl::Status DropChallenge(const OtpAsker& asker) = 0;
};

using OtpDatabase = Database<OtpStore>;

/// The port to cryptography. Thread-safe.
class OtpSecrets {
 public:
  virtual ~OtpSecrets() = default;
  /// Six random digits.
  virtual std::string NewCode() = 0;
  /// One keyed hash for each look-up key; another `purpose` gives unrelated ones.
  virtual KeyedHashes KeyedAll(std::string_view purpose, const std::string& text) = 0;
  /// The newest key's.
  std::string Keyed(std::string_view purpose, const std::string& text) {
    return KeyedAll(purpose, text).front();
  }
};

/// One message with a code.
struct CodeMessage {
  std::string phone;  ///< E.164
  std::string code;
  std::string text;       ///< what the shopper reads, the code within
  std::string reference;  ///< the same when one message is sent again
};

/// A way to send messages. Thread-safe.
class Sms {
 public:
  virtual ~Sms() = default;
  /// Returns within `deadline`, or about ten seconds. A failure says why for a
  /// log: without phone and code.
  virtual absl::Status Send(const CodeMessage& message, absl::Time deadline) = 0;
};

/// Hears what happens, for counting. Thread-safe.
class OtpWatch {
 public:
  virtual ~OtpWatch() = default;
  virtual void Sent(const absl::Status& result) = 0;
  virtual void Refused(std::string_view kind) = 0;
  virtual void Verified() = 0;
};

}  // namespace cartwise::tenant
