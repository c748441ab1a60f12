#include <thread>

#include <absl/strings/str_format.h>

#include "storage/fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

constexpr char kPi[] = "02:00:00:00:00:01";
constexpr char kOtherPi[] = "02:00:00:00:00:02";

int Used(TwoChains& f) {
  return int(f.server.Sql("SELECT sum(used) AS n FROM tenant.enrollment_keys").front().Int("n"));
}

TEST_CASE("a key opens its branch for as many devices as it says", "[enrollment]") {
  TwoChains f;
  const auto key = f.NewKey(Staff(f.rami.id, Role::kInstaller), f.haifa.id, 2);
  REQUIRE_OK(key);
  CHECK(key->secret.rfind("cwek_", 0) == 0);

  const auto entry = f.Redeem(key->secret, kPi);

  REQUIRE_OK(entry);
  CHECK(entry->branch == f.haifa.id);
  CHECK(entry->chain_slug == "rami-levi");
  REQUIRE_OK(f.Redeem(key->secret, kOtherPi));
  CHECK_REFUSED(f.Redeem(key->secret, "02:00:00:00:00:03"), "ENROLLMENT_KEY_INVALID");
  CHECK(Used(f) == 2);
}

TEST_CASE("the same device asks again without spending a use", "[enrollment]") {
  TwoChains f;
  const auto key = f.NewKey(f.owner, f.haifa.id);
  REQUIRE_OK(key);

  REQUIRE_OK(f.Redeem(key->secret, kPi));
  REQUIRE_OK(f.Redeem(key->secret, "02-00-00-00-00-01"));

  CHECK(Used(f) == 1);
  f.clock.Advance(kDefaultKeyLife);
  CHECK_REFUSED(f.Redeem(key->secret, kPi), "ENROLLMENT_KEY_INVALID");
}

TEST_CASE("an invalid key does not tell why it is", "[enrollment]") {
  TwoChains f;
  const auto unknown = f.Redeem("cwek_made-up", kPi);
  CHECK_REFUSED(unknown, "ENROLLMENT_KEY_INVALID");

  const auto spent = f.NewKey(f.owner, f.haifa.id);
  REQUIRE_OK(f.Redeem(spent->secret, kPi));
  CHECK(f.Redeem(spent->secret, kOtherPi).status() == unknown.status());

  const auto revoked = f.NewKey(f.owner, f.haifa.id);
  const auto revoke = [&](const Caller& as, const BranchId& branch, const EnrollmentKeyId& id) {
    return f.Do(as, [&](Store& store, const Caller& caller) {
      return RevokeEnrollmentKey(store, caller, branch, id, f.clock.Now());
    });
  };
  REQUIRE_OK(revoke(f.owner, f.haifa.id, revoked->key.id));
  REQUIRE_OK(revoke(f.owner, f.haifa.id, revoked->key.id));
  CHECK(f.Redeem(revoked->secret, kPi).status() == unknown.status());

  const auto expired = f.NewKey(f.owner, f.haifa.id);
  CHECK_REFUSED(revoke(f.owner, f.jerusalem.id, expired->key.id), "ENROLLMENT_KEY_NOT_FOUND");
  CHECK_REFUSED(revoke(f.owner, f.haifa.id, EnrollmentKeyId::New()), "ENROLLMENT_KEY_NOT_FOUND");
  CHECK_REFUSED(revoke(f.stranger, f.haifa.id, expired->key.id), "BRANCH_NOT_FOUND");
  f.clock.Advance(kDefaultKeyLife);
  CHECK(f.Redeem(expired->secret, kPi).status() == unknown.status());

  CHECK_REFUSED(f.Redeem("cwek_made-up", "not a mac"), "INVALID_FIELD");
}

TEST_CASE("a key with one use lets one of twenty devices in", "[enrollment]") {
  TwoChains f;
  const auto key = f.NewKey(f.owner, f.haifa.id);
  REQUIRE_OK(key);
  std::atomic<int> in = 0, out = 0;
  std::vector<std::thread> devices;
  for (int i = 0; i < 20; ++i) {
    devices.emplace_back([&, i] {
      const auto entry = f.Redeem(key->secret, absl::StrFormat("02:00:00:00:01:%02x", i));
      if (entry.ok()) ++in;
      if (testing::ReasonOf(entry) == "ENROLLMENT_KEY_INVALID") ++out;
    });
  }
  for (auto& device : devices) device.join();

  CHECK(in == 1);
  CHECK(out == 19);
  CHECK(Used(f) == 1);
  CHECK(f.Count("tenant.enrollment_redemptions") == 1);
}

TEST_CASE("one device that asks twenty times at once spends one use", "[enrollment]") {
  TwoChains f;
  const auto key = f.NewKey(f.owner, f.haifa.id, 5);
  REQUIRE_OK(key);
  std::atomic<int> in = 0;
  std::vector<std::thread> calls;
  for (int i = 0; i < 20; ++i) {
    calls.emplace_back([&] { in += f.Redeem(key->secret, kPi).ok(); });
  }
  for (auto& call : calls) call.join();

  CHECK(in == 20);
  CHECK(Used(f) == 1);
}

TEST_CASE("keys are made and listed by those who see the branch", "[enrollment]") {
  TwoChains f;
  const auto list = [&](const Caller& as, const BranchId& branch, const PageRequest& page) {
    return f.Do(as, [&](Store& store, const Caller& caller) {
      return ListEnrollmentKeys(store, caller, branch, page);
    });
  };
  const auto first = f.NewKey(f.owner, f.haifa.id);
  const auto second = f.NewKey(f.owner, f.haifa.id);
  REQUIRE_OK(f.NewKey(f.owner, f.jerusalem.id));

  const auto page = list(f.owner, f.haifa.id, {1, {}});
  REQUIRE_OK(page);
  REQUIRE(page->items.size() == 1);
  CHECK(page->items[0].id == second->key.id);
  const auto rest = list(f.owner, f.haifa.id, ParsePage(1, page->next_page_token, 1).value());
  REQUIRE_OK(rest);
  CHECK(rest->items.at(0).id == first->key.id);
  CHECK(rest->next_page_token.empty());

  const Caller limited = Staff(f.rami.id, Role::kInstaller, {f.jerusalem.id});
  CHECK_REFUSED(list(limited, f.haifa.id, {}), "BRANCH_NOT_FOUND");
  CHECK_REFUSED(list(f.stranger, f.haifa.id, {}), "BRANCH_NOT_FOUND");
  CHECK_REFUSED(f.NewKey(limited, f.haifa.id), "BRANCH_NOT_FOUND");
  CHECK_REFUSED(f.NewKey(f.stranger, f.haifa.id), "BRANCH_NOT_FOUND");
  CHECK_REFUSED(f.NewKey(f.owner, f.haifa.id, 101), "INVALID_FIELD");
}

}  // namespace
}  // namespace cartwise::tenant
