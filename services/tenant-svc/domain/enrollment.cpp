#include "domain/enrollment.hpp"

#include <cctype>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "domain/branches.hpp"
#include "domain/fields.hpp"
#include "domain/reasons.hpp"

namespace cartwise::tenant {
namespace {

constexpr char kSecretPrefix[] = "cwek_";

}  // namespace

absl::Status NewEnrollmentKey::Check() const {
  errors::FieldErrors errors;
  errors.Require(max_uses >= 1 && max_uses <= 100, "max_uses", "must be 1 to 100");
  errors.Require(life >= absl::Minutes(1) && life <= absl::Hours(7 * 24), "ttl",
                 "must be 1 minute to 7 days");
  return errors.ToStatus();
}

absl::StatusOr<Listing<EnrollmentKey>> ListEnrollmentKeys(Store& store, const Caller& caller,
                                                          const BranchId& branch,
                                                          const PageRequest& page) {
  CW_RETURN_IF_ERROR(CheckEndsWithId(page));
  CW_RETURN_IF_ERROR(
      FindBranchFor(store, caller, branch, Role::kInstaller, For::kReading).status());
  CW_ASSIGN_OR_RETURN(auto rows, store.ListEnrollmentKeys(branch, page));
  return ToListing(std::move(rows), page, [](const EnrollmentKey& last) {
    return std::vector<std::string>{last.id.value()};
  });
}

absl::StatusOr<IssuedKey> CreateEnrollmentKey(Store& store, const Caller& caller,
                                              Credentials& credentials,
                                              const NewEnrollmentKey& want, absl::Time now) {
  CW_RETURN_IF_ERROR(want.Check());
  // Held, so that a key cannot outlive a branch that is being deleted.
  CW_ASSIGN_OR_RETURN(const Branch branch,
                      FindBranchFor(store, caller, want.branch, Role::kInstaller, For::kChanging));
  IssuedKey issued;
  issued.secret = credentials.NewSecret(kSecretPrefix);
  issued.key.id = EnrollmentKeyId::New();
  issued.key.chain = branch.chain;
  issued.key.branch = branch.id;
  issued.key.max_uses = want.max_uses;
  issued.key.created_at = now;
  issued.key.created_by = caller.Label();
  issued.key.expires_at = now + want.life;
  CW_RETURN_IF_ERROR(store.InsertEnrollmentKey(issued.key, credentials.HashSecret(issued.secret)));
  CW_RETURN_IF_ERROR(store.Announce(ChangeBy(caller, "enrollment_key.created", now),
                                    Thing{branch.chain, branch.id, issued.key.id.value()}));
  return issued;
}

absl::Status RevokeEnrollmentKey(Store& store, const Caller& caller, const BranchId& branch,
                                 const EnrollmentKeyId& id, absl::Time now) {
  CW_ASSIGN_OR_RETURN(const Branch found,
                      FindBranchFor(store, caller, branch, Role::kInstaller, For::kReading));
  CW_ASSIGN_OR_RETURN(const bool revoked, store.RevokeEnrollmentKey(branch, id, now));
  if (!revoked) return reasons::EnrollmentKeyNotFound();
  return store.Announce(ChangeBy(caller, "enrollment_key.revoked", now),
                        Thing{found.chain, branch, id.value()});
}

absl::StatusOr<BranchEntry> RedeemEnrollmentKey(Store& store, const Caller& caller,
                                                Credentials& credentials, const std::string& secret,
                                                const std::string& mac_address, absl::Time now) {
  CW_ASSIGN_OR_RETURN(const std::string mac, ParseMacAddress(mac_address));
  CW_ASSIGN_OR_RETURN(const auto key,
                      store.FindEnrollmentKeyByHash(credentials.HashSecret(secret)));
  if (!key || !key->ValidAt(now)) return reasons::EnrollmentKeyInvalid();
  CW_ASSIGN_OR_RETURN(auto entry, store.FindBranchEntry(key->branch));
  if (!entry) return reasons::EnrollmentKeyInvalid();

  CW_ASSIGN_OR_RETURN(const bool first_time, store.RememberRedemption(*key, mac, now));
  if (first_time) {
    CW_ASSIGN_OR_RETURN(const bool spent, store.SpendEnrollmentKey(*key, now));
    if (!spent) return reasons::EnrollmentKeyInvalid();
  }
  CW_RETURN_IF_ERROR(
      store.Announce(ChangeBy(caller, "enrollment_key.redeemed", now, "by the device " + mac),
                     Thing{key->chain, key->branch, key->id.value()}));
  return *std::move(entry);
}

absl::StatusOr<std::string> ParseMacAddress(std::string_view text) {
  std::string mac = ToLowerAscii(text);
  bool good = mac.size() == 17;
  for (size_t i = 0; good && i < mac.size(); ++i) {
    const bool separator = i % 3 == 2;
    good = separator ? mac[i] == ':' || mac[i] == '-'
                     : std::isxdigit(static_cast<unsigned char>(mac[i])) != 0;
    if (separator) mac[i] = ':';
  }
  if (!good) return errors::InvalidField("mac_address", "must be six hex pairs with colons");
  return mac;
}

}  // namespace cartwise::tenant
