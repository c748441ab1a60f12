#include <atomic>
#include <thread>

#include "storage/fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

struct BasicChain : TwoChains {
  BasicChain() {
    ChainChange basic;
    basic.plan = Plan::kBasic;
    REQUIRE_OK(ChangeChain(platform, rami.id, basic));
  }
};

std::string Email(int number) {
  return "user" + std::to_string(number) + "@rami.example";
}

ChainChange To(Plan plan) {
  ChainChange change;
  change.plan = plan;
  return change;
}

UserChange Active(bool active) {
  UserChange change;
  change.active = active;
  return change;
}

absl::StatusOr<int> EndTrialsNow(TwoChains& f) {
  return f.Do(Caller::Service("tenant-svc"),
              [&](Store& store, const Caller&) { return EndTrials(store, f.clock.Now()); });
}

absl::StatusOr<Chain> Trial(TwoChains& f, absl::Duration length) {
  ChainChange change;
  change.trial_ends_at = f.clock.Now() + length;
  return f.ChangeChain(f.platform, f.rami.id, change);
}

TEST_CASE("a plan has room for so many active users", "[plans]") {
  BasicChain f;
  std::vector<User> users;
  for (int i = 0; i < LimitsOf(Plan::kBasic).users; ++i) {
    const auto user = f.NewUser(f.owner, Email(i), Role::kViewer);
    REQUIRE_OK(user);
    users.push_back(*user);
  }

  const auto over = f.NewUser(f.owner, Email(5), Role::kViewer);
  CHECK_REFUSED(over, "PLAN_LIMIT_REACHED");
  CHECK(errors::Details(over.status()) ==
        std::vector<std::pair<std::string, std::string>>{{"limit", "5"}});

  SECTION("whoever is deactivated makes room, and comes back only when there is some") {
    REQUIRE_OK(f.ChangeUser(f.owner, users[0].id, Active(false)));
    REQUIRE_OK(f.NewUser(f.owner, Email(5), Role::kViewer));
    CHECK_REFUSED(f.ChangeUser(f.owner, users[0].id, Active(true)), "PLAN_LIMIT_REACHED");
  }
  SECTION("a larger plan has more") {
    REQUIRE_OK(f.ChangeChain(f.platform, f.rami.id, To(Plan::kProfessional)));
    REQUIRE_OK(f.NewUser(f.owner, Email(5), Role::kViewer));
    // A smaller one takes nobody away, and those who are there can still be changed.
    REQUIRE_OK(f.ChangeChain(f.platform, f.rami.id, To(Plan::kBasic)));
    REQUIRE_OK(f.ChangeUser(f.owner, users[1].id, Active(true)));
  }
  SECTION("another chain has room of its own") {
    REQUIRE_OK(f.NewUser(f.stranger, Email(5), Role::kViewer));
  }
}

TEST_CASE("no slow hash is made for who is refused", "[plans]") {
  BasicChain f;
  for (int i = 0; i < LimitsOf(Plan::kBasic).users; ++i) {
    REQUIRE_OK(f.NewUser(f.owner, Email(i), Role::kViewer));
  }
  User want;
  want.name = "Somebody";
  want.role = Role::kViewer;
  const auto create = [&](const std::string& email) {
    want.email = email;
    return f.passwords.CreateUser(f.owner, want, kPassword, [](const auto&, const auto&) {});
  };

  CHECK_REFUSED(create(Email(5)), "PLAN_LIMIT_REACHED");
  REQUIRE_OK(f.ChangeChain(f.platform, f.rami.id, To(Plan::kProfessional)));
  CHECK_REFUSED(create(Email(0)), "EMAIL_TAKEN");
  want.role = Role::kPlatformAdmin;
  CHECK_FALSE(create(Email(6)).ok());
  CHECK(f.credentials.slow_hashes == 0);

  want.role = Role::kViewer;
  REQUIRE_OK(create(Email(5)));
  CHECK(f.credentials.slow_hashes == 1);
  REQUIRE_OK(f.sessions.Login({}, Email(5), kPassword));
}

TEST_CASE("of many users made at once, no more come into being than the plan allows", "[plans]") {
  BasicChain f;
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&f, &made, i] {
      if (f.NewUser(f.owner, Email(i), Role::kViewer).ok()) ++made;
    });
  }
  for (std::thread& thread : threads) thread.join();

  CHECK(made == 5);
  CHECK(f.Count("tenant.users") == 5);
}

TEST_CASE("a chain is inactive once its trial is over, and others hear of it once", "[plans]") {
  BasicChain f;
  REQUIRE_OK(Trial(f, absl::Hours(1)));
  REQUIRE(EndTrialsNow(f).value() == 0);

  f.clock.Advance(absl::Hours(1));
  CHECK(EndTrialsNow(f).value() == 1);
  CHECK(EndTrialsNow(f).value() == 0);

  CHECK(f.Count("tenant.chains WHERE NOT active") == 1);
  CHECK(f.Count("tenant.outbox WHERE type = 'chain.trial_ended' AND payload->>'active' = 'false' "
                "AND chain_id = '" +
                f.rami.id.value() + "'") == 1);
}

TEST_CASE("a chain whose trial is over is made active by a later end, or by none", "[plans]") {
  BasicChain f;
  REQUIRE_OK(Trial(f, absl::Hours(1)));
  f.clock.Advance(absl::Hours(2));
  REQUIRE_OK(EndTrialsNow(f));

  ChainChange change;
  change.active = true;
  CHECK_REFUSED(f.ChangeChain(f.platform, f.rami.id, change), "INVALID_FIELD");
  CHECK_REFUSED(Trial(f, absl::ZeroDuration()), "INVALID_FIELD");
  change.no_trial = true;
  const auto paid = f.ChangeChain(f.platform, f.rami.id, change);
  REQUIRE_OK(paid);
  CHECK(paid->active);
  CHECK_FALSE(paid->trial_ends_at);

  change.trial_ends_at = f.clock.Now() + absl::Hours(1);
  CHECK_REFUSED(f.ChangeChain(f.platform, f.rami.id, change), "INVALID_FIELD");
}

TEST_CASE("trial and flags are the platform's to change", "[plans]") {
  BasicChain f;
  ChainChange trial, paid, flags, no_flags;
  trial.trial_ends_at = f.clock.Now() + absl::Hours(1);
  paid.no_trial = true;
  flags.feature_flags = {"coffee"};
  no_flags.no_feature_flags = true;

  for (const ChainChange& change : {trial, paid, flags, no_flags}) {
    CHECK_REFUSED(f.ChangeChain(f.owner, f.rami.id, change), "PLATFORM_ADMIN_ONLY");
  }
}

TEST_CASE("flags are kept sorted, each once, until they are replaced or taken away", "[plans]") {
  BasicChain f;
  ChainChange change;
  change.feature_flags = {"parking", "coffee", "parking"};
  REQUIRE_OK(f.ChangeChain(f.platform, f.rami.id, change));

  ChainChange name;
  name.name = "Another";
  auto chain = f.ChangeChain(f.owner, f.rami.id, name);
  REQUIRE_OK(chain);
  CHECK(chain->feature_flags == std::vector<std::string>{"coffee", "parking"});

  change.feature_flags = {"No Flag"};
  CHECK_REFUSED(f.ChangeChain(f.platform, f.rami.id, change), "INVALID_FIELD");
  change.feature_flags.clear();
  change.no_feature_flags = true;
  chain = f.ChangeChain(f.platform, f.rami.id, change);
  REQUIRE_OK(chain);
  CHECK(chain->feature_flags.empty());
}

TEST_CASE("whoever redeems an enrollment key hears how many devices the plan allows", "[plans]") {
  BasicChain f;
  const auto key = f.NewKey(f.owner, f.haifa.id, 2);
  REQUIRE_OK(key);

  CHECK(f.Redeem(key->secret, "02:00:00:00:00:01")->max_devices == 100);
  REQUIRE_OK(f.ChangeChain(f.platform, f.rami.id, To(Plan::kEnterprise)));
  CHECK(f.Redeem(key->secret, "02:00:00:00:00:02")->max_devices == 10'000);
}

}  // namespace
}  // namespace cartwise::tenant
