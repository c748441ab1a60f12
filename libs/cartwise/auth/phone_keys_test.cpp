#include "cartwise/auth/phone_keys.hpp"

#include "cartwise/auth/secrets.hpp"
#include "cartwise/testing/status.hpp"

namespace cartwise::auth {
namespace {

const std::string kOld(64, 'a'), kNew(64, 'b');

KeyRing Ring(const std::string& text) {
  const auto secrets = PhoneSecrets::Parse(text);
  REQUIRE_OK(secrets);
  return KeyRing(*secrets, "phones");
}

TEST_CASE("a bare key of 64 hex digits is the first one and that of look-ups", "[phone-keys]") {
  const auto bare = PhoneSecrets::Parse(kOld + "\n");
  REQUIRE_OK(bare);
  const auto named = PhoneSecrets::Parse("first:" + kOld + "\nlookup:" + kOld);
  REQUIRE_OK(named);
  CHECK(bare->lookup == named->lookup);
  CHECK(bare->sealing == named->sealing);
}

TEST_CASE("a wrong key file is refused without telling a secret", "[phone-keys]") {
  const std::string text = GENERATE_COPY(
      std::string(), std::string(63, 'a'), "a:" + kOld, "lookup:" + kOld,
      "a:" + kOld + "\na:" + kNew + "\nlookup:" + kOld, "A:" + kOld + "\nlookup:" + kOld,
      kOld + "\n" + kNew, "a:" + kOld + "\nlookup:" + kOld + "\nlookup:" + kOld,
      "a:" + kOld + "\nlookup-:" + kOld, "a:" + kOld + "\nlookup-b:" + kOld + "\nlookup-b:" + kNew);
  const auto secrets = PhoneSecrets::Parse(text);
  CHECK(absl::IsInvalidArgument(secrets.status()));
  CHECK(std::string(secrets.status().message()).find("aaaa") == std::string::npos);
}

TEST_CASE("the first key seals, every key that is there opens", "[phone-keys]") {
  const KeyRing before = Ring(kOld);
  const KeyRing both = Ring("2027:" + kNew + "\nfirst:" + kOld + "\nlookup:" + kOld);
  const KeyRing after = Ring("2027:" + kNew + "\nlookup:" + kOld);
  const std::string old = before.Seal("+972501234567", "r1");
  const std::string fresh = both.Seal("+972501234567", "r1");

  CHECK(*both.Open(old, "r1") == "+972501234567");
  CHECK(*both.Open(fresh, "r1") == "+972501234567");
  CHECK(*after.Open(fresh, "r1") == "+972501234567");
  CHECK_FALSE(both.Open(fresh, "r2").ok());
  CHECK(fresh.rfind(after.CurrentPrefix(), 0) == 0);
  CHECK(old.rfind(after.CurrentPrefix(), 0) != 0);

  const auto gone = after.Open(old, "r1");
  CHECK(absl::IsFailedPrecondition(gone.status()));
  CHECK(std::string(gone.status().message()).find("the key first,") != std::string::npos);
}

TEST_CASE("a hash is made under every look-up key, the newest first, and names its key",
          "[phone-keys]") {
  const auto hashes = [](const std::string& text) {
    return LookUpKeys(*PhoneSecrets::Parse("first:" + kOld + "\n" + text), "phones")
        .Hashes("+972501234567");
  };
  const auto before = hashes("lookup:" + kOld);
  const auto both = hashes("lookup-2027:" + kNew + "\nlookup:" + kOld);
  const auto after = hashes("lookup-2027:" + kNew);

  REQUIRE(before.size() == 1);
  CHECK(before[0].size() == 64);
  REQUIRE(both.size() == 2);
  CHECK(both[0].rfind("2027:", 0) == 0);
  CHECK(both[0].size() == 5 + 64);
  CHECK(both[0].substr(5) != both[1]);
  CHECK(both[1] == before[0]);
  CHECK(after == std::vector<std::string>{both[0]});
}

TEST_CASE("bytes from before keys had ids open under any key", "[phone-keys]") {
  const auto secrets = PhoneSecrets::Parse(kOld);
  const std::string old =
      Seal(DeriveKey(secrets->lookup.front().second, "phones"), "+972501234567", "r1");
  CHECK(*Ring(kOld).Open(old, "r1") == "+972501234567");
  CHECK(*Ring("2027:" + kNew + "\nfirst:" + kOld + "\nlookup:" + kOld).Open(old, "r1") ==
        "+972501234567");
  CHECK(absl::IsDataLoss(Ring("2027:" + kNew + "\nlookup:" + kOld).Open(old, "r1").status()));
}

}  // namespace
}  // namespace cartwise::auth
