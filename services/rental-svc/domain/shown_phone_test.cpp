#include <catch2/catch.hpp>

#include "cartwise/base/text.hpp"
#include "domain/rentals.hpp"

namespace cartwise::rental {
namespace {

constexpr char kPhone[] = "+972501234567";
const BranchId kBranch("0190a000-0000-7000-8000-000000000001");
const BranchId kElsewhere("0190a000-0000-7000-8000-000000000002");

// Seals by writing a word in front.
class PlainVault final : public PhoneVault {
 public:
  PhoneHashes Hashes(const std::string& text) const override { return {"hash " + text}; }
  std::string NewestTag() const override { return ""; }
  SealedPhone Seal(const std::string& e164, const RentalId&) const override {
    return {Hashes(e164), "sealed " + e164, MaskPhone(e164)};
  }
  absl::StatusOr<std::string> Open(const std::string& sealed, const RentalId&) const override {
    if (sealed.empty()) return absl::DataLossError("nothing is sealed");
    return sealed.substr(7);
  }
  std::string SealedPrefix() const override { return "sealed "; }
};

Rental RentalOf(const std::string& phone) {
  const PlainVault vault;
  Rental rental;
  rental.id = RentalId::New();
  rental.branch = kBranch;
  rental.phone_masked = vault.Seal(phone, rental.id).masked;
  rental.phone_sealed = vault.Seal(phone, rental.id).sealed;
  return rental;
}

Caller Staff(Role role, std::vector<BranchId> branches = {}) {
  Caller caller;
  caller.principal = Principal::kStaff;
  caller.grants = {Grant{role, std::move(branches)}};
  return caller;
}

Caller Key(Role role) {
  Caller caller = Staff(role);
  caller.principal = Principal::kApiKey;
  return caller;
}

Caller Other(Principal principal, const std::string& phone = "") {
  Caller caller;
  caller.principal = principal;
  caller.phone = phone;
  return caller;
}

TEST_CASE("a phone is shown whole to those who work with it, and masked to others", "[phones]") {
  const auto [who, whole, caller] = GENERATE(table<std::string, bool, Caller>({
      {"viewer", false, Staff(Role::kViewer)},
      {"installer", false, Staff(Role::kInstaller)},
      {"operator", true, Staff(Role::kOperator)},
      {"operator of the branch", true, Staff(Role::kOperator, {kBranch})},
      {"operator of another branch", false, Staff(Role::kOperator, {kElsewhere})},
      {"admin", true, Staff(Role::kAdmin)},
      {"owner", true, Staff(Role::kOwner)},
      {"platform admin", true, Staff(Role::kPlatformAdmin)},
      {"an operator's key", true, Key(Role::kOperator)},
      {"a viewer's key", false, Key(Role::kViewer)},
      {"the shopper", true, Other(Principal::kShopper, kPhone)},
      {"another shopper", false, Other(Principal::kShopper, "+972501234568")},
      {"device", false, Other(Principal::kDevice)},
      {"service", false, Other(Principal::kService)},
      {"nobody", false, Other(Principal::kAnonymous)},
  }));
  CAPTURE(who);

  CHECK(ShownPhone(caller, PlainVault(), RentalOf(kPhone)) == (whole ? kPhone : "+972*****67"));

  const bool staff = caller.HasRoles();
  CHECK(MaySeePhones(caller, kBranch) == (staff && whole));
  CHECK(CheckMaySeePhones(caller, kBranch).ok() == (staff && whole));
}

TEST_CASE("the rental of an erased person shows no phone to anybody", "[phones]") {
  Rental rental = RentalOf(kPhone);
  rental.phone_masked.clear();
  rental.phone_sealed.clear();
  CHECK(ShownPhone(Staff(Role::kOwner), PlainVault(), rental).empty());
  CHECK(ShownPhone(Other(Principal::kShopper, kPhone), PlainVault(), rental).empty());
}

}  // namespace
}  // namespace cartwise::rental
