#include "domain/one_time_codes.hpp"

#include <algorithm>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/phone/mobile.hpp"
#include "domain/branches.hpp"
#include "domain/reasons.hpp"
#include "domain/sessions.hpp"

namespace cartwise::tenant {
namespace {

// One GSM part, so that a message costs one message.
std::string TextOf(const std::string& code) {
  return "CartWise code: " + code + ". Valid for a few minutes. Never share it.";
}

}  // namespace

struct OneTimeCodes::Person {
  std::string phone;
  OtpAsker asker;
  Caller platform;
};

absl::StatusOr<OneTimeCodes::Person> OneTimeCodes::Know(const Caller& caller,
                                                        const std::string& user_phone,
                                                        const std::string& branch_id) const {
  Person person;
  CW_ASSIGN_OR_RETURN(person.phone, phone::ParseMobile("user_phone", user_phone));
  CW_ASSIGN_OR_RETURN(const auto branch, ParseId<BranchId>("branch_id", branch_id));
  person.platform = AsPlatform(caller);
  BranchEntry entry;
  CW_RETURN_IF_ERROR(parts_.tenants.Read(person.platform, [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(entry, LookUpBranch(store, branch));
    return absl::OkStatus();
  }));
  if (!entry.active) return reasons::BranchInactive();
  OtpSecrets& secrets = parts_.secrets;
  person.asker = {entry.chain, branch, secrets.KeyedAll("phone", person.phone),
                  secrets.KeyedAll("prefix", PrefixOf(person.phone)),
                  secrets.KeyedAll("address", NetworkOf(caller.peer))};
  return person;
}

KeyedHashes OneTimeCodes::HashCode(const ChallengeId& challenge, const std::string& code) const {
  return parts_.secrets.KeyedAll("code", challenge.value() + ":" + code);
}

absl::StatusOr<CodeSent> OneTimeCodes::Request(const Caller& caller, const std::string& user_phone,
                                               const std::string& branch_id) {
  CW_ASSIGN_OR_RETURN(const Person person, Know(caller, user_phone, branch_id));
  const absl::Time now = parts_.clock.Now();
  const std::string code = parts_.secrets.NewCode();
  Challenge challenge{ChallengeId::New(), "", now, now + limits_.code_life};
  challenge.code_hash = HashCode(challenge.id, code).front();

  absl::Status refusal;
  // A flood is refused by looking alone; only what finds room takes its turn.
  CW_RETURN_IF_ERROR(parts_.database.Write(
      person.platform, [&](OtpStore& store) { return Judge(store, person, now, refusal); }));
  CodeSent sent{limits_.resend_wait, limits_.code_life};
  if (refusal.ok()) {
    CW_RETURN_IF_ERROR(parts_.database.Write(person.platform, [&](OtpStore& store) -> absl::Status {
      CW_RETURN_IF_ERROR(store.HoldSends());
      CW_RETURN_IF_ERROR(Judge(store, person, now, refusal));
      if (!refusal.ok()) return absl::OkStatus();
      CW_RETURN_IF_ERROR(store.InsertChallenge(person.asker, challenge));
      CW_ASSIGN_OR_RETURN(const OtpHistory history, store.History(person.asker, now));
      sent.resend_after = limits_.WaitAfter(history.phone_hour);
      return absl::OkStatus();
    }));
  }
  CW_RETURN_IF_ERROR(refusal);

  // After the commit: no lock waits for a provider, and what was sent is counted.
  const absl::Status handed =
      parts_.sms.Send({person.phone, code, TextOf(code), challenge.id.value()}, caller.deadline);
  parts_.watch.Sent(handed);
  if (!handed.ok()) return reasons::SmsNotSent(sent.resend_after);
  return sent;
}

// What a refusal has to remember commits although the call fails.
absl::Status OneTimeCodes::Judge(OtpStore& store, const Person& person, absl::Time now,
                                 absl::Status& refusal) {
  CW_ASSIGN_OR_RETURN(const OtpHistory history, store.History(person.asker, now));
  const auto refused = JudgeSend(limits_, history, now);
  if (!refused) return absl::OkStatus();
  parts_.watch.Refused(refused->kind);
  if (refused->stop_prefix) {
    CW_RETURN_IF_ERROR(store.StopPrefix(person.asker, now + refused->wait));
  }
  refusal = refused->kind == "tries" ? reasons::TooManyTries(refused->wait)
                                     : reasons::TooManyCodes(refused->wait);
  return absl::OkStatus();
}

absl::StatusOr<ShopperSession> OneTimeCodes::Verify(const Caller& caller,
                                                    const std::string& user_phone,
                                                    const std::string& branch_id,
                                                    const std::string& code) {
  CW_ASSIGN_OR_RETURN(const Person person, Know(caller, user_phone, branch_id));
  if (!IsCode(code)) return errors::InvalidField("code", "must be six digits");
  absl::Status refusal;
  CW_RETURN_IF_ERROR(parts_.database.Write(
      person.platform, [&](OtpStore& store) { return Try(store, person, code, refusal); }));
  CW_RETURN_IF_ERROR(refusal);
  parts_.watch.Verified();

  Caller shopper;
  shopper.principal = Principal::kShopper;
  shopper.chain = person.asker.chain;
  shopper.phone = person.phone;
  shopper.sign_in = NewUuid();
  shopper.subject =
      UuidOfHash(parts_.secrets.Keyed("subject", shopper.chain.value() + ":" + person.phone));
  ShopperSession session;
  session.access_token =
      parts_.credentials.AccessToken(shopper, parts_.clock.Now(), kShopperTokenLife);
  return session;
}

// A wrong try has to commit, so a refusal is an answer beside the status.
absl::Status OneTimeCodes::Try(OtpStore& store, const Person& person, const std::string& code,
                               absl::Status& refusal) {
  const absl::Time now = parts_.clock.Now();
  const auto refuse = [&](std::string_view kind, absl::Status why) {
    parts_.watch.Refused(kind);
    refusal = std::move(why);
    return absl::OkStatus();
  };
  CW_ASSIGN_OR_RETURN(const auto challenge, store.TakeChallenge(person.asker, now));
  CW_ASSIGN_OR_RETURN(const auto blocked, store.BlockedUntil(person.asker, now));
  if (blocked) return refuse("tries", reasons::TooManyTries(*blocked - now));
  if (!challenge) return refuse("no_code", reasons::CodeInvalid());
  CW_ASSIGN_OR_RETURN(const bool counted, store.SpendTry(person.asker, limits_, now));
  if (!counted) return refuse("tries", reasons::TooManyTries(limits_.try_waits.front()));
  const KeyedHashes hashes = HashCode(challenge->id, code);
  const bool right = std::any_of(hashes.begin(), hashes.end(), [&](const std::string& hash) {
    return SameSecret(challenge->code_hash, hash);
  });
  if (!right) {
    CW_ASSIGN_OR_RETURN(const auto over, store.BlockedUntil(person.asker, now));
    if (over) CW_RETURN_IF_ERROR(store.DropChallenge(person.asker));
    return refuse("wrong_code", reasons::CodeInvalid());
  }
  CW_ASSIGN_OR_RETURN(const bool won, store.SpendChallenge(person.asker, *challenge, now));
  if (!won) return refuse("no_code", reasons::CodeInvalid());
  return store.ReturnTry(person.asker, limits_);
}

}  // namespace cartwise::tenant
