// API keys with real secrets and tokens over a real database.
#include <atomic>
#include <thread>

#include "adapters/credentials.hpp"
#include "cartwise/auth/test_credentials.hpp"
#include "domain/api_keys.hpp"
#include "storage/fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

const std::set<std::string> kScopes = {"branches:read", "rentals:read", "rentals:write"};

struct Keyed : TwoChains {
  auth::SigningKey signing_key = auth::NewTestKey("tenant-test");
  auth::TokenVerifier tokens{
      auth::KeySet::FromPem({{signing_key.id(), signing_key.PublicPem()}}).value(), clock};
  SignedCredentials real{auth::Signing(signing_key)};
  User boss = Make("boss@x.example", Role::kOwner);
  User chief = Make("chief@x.example", Role::kAdmin);
  User local = Make("local@x.example", Role::kAdmin, {haifa.id});

  User Make(const std::string& email, Role role, std::vector<BranchId> branches = {}) {
    auto user = NewUser(platform, email, role, std::move(branches), rami.id);
    REQUIRE_OK(user);
    return *user;
  }

  ApiKey Wanted(Role role = Role::kOperator, std::vector<BranchId> branches = {}) {
    ApiKey want;
    want.name = "till";
    want.role = role;
    want.branches = std::move(branches);
    want.scopes = {"rentals:write", "rentals:read"};
    want.expires_at = clock.Now() + absl::Hours(24);
    return want;
  }

  absl::StatusOr<IssuedApiKey> Create(const User& maker, const ApiKey& want) {
    return Create(maker.AsCaller(), want);
  }
  absl::StatusOr<IssuedApiKey> Create(const Caller& maker, const ApiKey& want) {
    return Do(maker, [&](Store& store, const Caller& caller) {
      return CreateApiKey(store, caller, real, kScopes, want, clock.Now());
    });
  }
  absl::Status Revoke(const Caller& as, const ApiKeyId& id) {
    return Do(as, [&](Store& store, const Caller& caller) {
      return RevokeApiKey(store, caller, id, clock.Now());
    });
  }
  /// Who the key stands for now.
  absl::StatusOr<Caller> Use(const std::string& secret) {
    const auto token = Do(Caller::Service("gateway-svc"), [&](Store& store, const Caller&) {
      return ExchangeApiKey(store, real, secret, clock.Now());
    });
    if (!token.ok()) return token.status();
    return tokens.Verify(token->token);
  }
  std::vector<std::string> Seen(const Caller& as) {
    std::vector<std::string> names;
    const auto list =
        Do(as, [&](Store& store, const Caller& caller) { return ListApiKeys(store, caller, {}); });
    REQUIRE_OK(list);
    for (const ApiKey& key : list->items) names.push_back(key.name);
    return names;
  }
};

TEST_CASE("a key stands for its role, branches and scopes", "[api-keys]") {
  Keyed f;
  ApiKey want = f.Wanted(Role::kOperator, {f.haifa.id});
  want.requests_per_minute = 30;
  const auto made = f.Create(f.chief, want);
  REQUIRE_OK(made);
  CHECK(made->secret.rfind("cwak_", 0) == 0);
  CHECK(made->secret.size() == 5 + 32 + 1 + 43);
  CHECK(made->key.last_characters == made->secret.substr(made->secret.size() - 4));

  const auto caller = f.Use(made->secret);

  REQUIRE_OK(caller);
  CHECK(caller->principal == Principal::kApiKey);
  CHECK(caller->Label() == "key:" + made->key.id.value());
  CHECK(caller->chain == f.rami.id);
  CHECK(caller->RoleIn(f.haifa.id) == Role::kOperator);
  CHECK(caller->RoleIn(f.jerusalem.id) == Role::kNone);
  CHECK(caller->scopes == std::vector<std::string>{"rentals:read", "rentals:write"});
  CHECK(caller->requests_per_minute == 30);
  CHECK(f.Count("tenant.api_keys WHERE last_used_at = created_at") == 1);
}

TEST_CASE("the secret is nowhere in the database", "[api-keys]") {
  Keyed f;
  const auto made = f.Create(f.chief, f.Wanted());
  REQUIRE_OK(made);
  REQUIRE_OK(f.Use(made->secret));

  const std::string secret_part = made->secret.substr(38);
  CHECK(f.Count("tenant.api_keys k WHERE position('" + secret_part + "' IN k::text) > 0") == 0);
  CHECK(f.Count("tenant.api_keys WHERE key_hash = '" + f.real.HashSecret(made->secret) + "'") == 1);
}

TEST_CASE("a key that is not good does not tell why", "[api-keys]") {
  Keyed f;
  const auto unknown = f.Use("cwak_" + std::string(32, 'a') + "_secret");
  CHECK_REFUSED(unknown, "API_KEY_INVALID");
  for (const std::string& odd :
       {std::string(), std::string("cwak_"), std::string("cwak_" + std::string(32, 'G') + "_x"),
        std::string(500, 'a')}) {
    CHECK(f.Use(odd).status() == unknown.status());
  }

  const auto made = f.Create(f.chief, f.Wanted());
  REQUIRE_OK(made);
  std::string wrong = made->secret;
  wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
  CHECK(f.Use(wrong).status() == unknown.status());
  CHECK(f.Count("tenant.api_keys WHERE last_used_at IS NOT NULL") == 0);

  const auto revoked = f.Create(f.chief, f.Wanted());
  REQUIRE_OK(f.Revoke(f.owner, revoked->key.id));
  REQUIRE_OK(f.Revoke(f.owner, revoked->key.id));
  CHECK(f.Use(revoked->secret).status() == unknown.status());

  f.clock.Advance(absl::Hours(24) - absl::Minutes(1));
  REQUIRE_OK(f.Use(made->secret));
  f.clock.Advance(absl::Minutes(1));
  CHECK(f.Use(made->secret).status() == unknown.status());
}

TEST_CASE("a token does not outlive its key", "[api-keys]") {
  Keyed f;
  const auto made = f.Create(f.chief, f.Wanted());
  f.clock.Advance(absl::Hours(24) - absl::Minutes(1));

  const auto token = f.Do(Caller::Service("gateway-svc"), [&](Store& store, const Caller&) {
    return ExchangeApiKey(store, f.real, made->secret, f.clock.Now());
  });

  REQUIRE_OK(token);
  CHECK(token->expires_at == f.clock.Now() + absl::Minutes(1));
  f.clock.Advance(absl::Minutes(1));
  CHECK_REFUSED(f.tokens.Verify(token->token), "BAD_TOKEN");
}

TEST_CASE("nobody makes a key above or beyond themselves", "[api-keys]") {
  Keyed f;
  CHECK_REFUSED(f.Create(f.chief, f.Wanted(Role::kOwner)), "ROLE_ABOVE_OWN");
  REQUIRE_OK(f.Create(f.boss, f.Wanted(Role::kOwner)));
  CHECK_REFUSED(f.Create(f.local, f.Wanted()), "ROLE_ABOVE_OWN");
  CHECK_REFUSED(f.Create(f.local, f.Wanted(Role::kViewer, {f.jerusalem.id})), "BRANCH_NOT_FOUND");
  CHECK_REFUSED(f.Create(f.chief, f.Wanted(Role::kViewer, {f.tel_aviv.id})), "BRANCH_NOT_FOUND");
  REQUIRE_OK(f.Create(f.local, f.Wanted(Role::kAdmin, {f.haifa.id})));
  CHECK_REFUSED(f.Create(f.platform, f.Wanted()), "CHAIN_STAFF_ONLY");

  // With the rights of now, whatever the token still says.
  UserChange lowered;
  lowered.role = Role::kViewer;
  const Caller as_before = f.chief.AsCaller();
  REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), f.chief.id, lowered));
  CHECK_REFUSED(f.Create(as_before, f.Wanted(Role::kViewer)), "ROLE_ABOVE_OWN");
  UserChange gone;
  gone.active = false;
  REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), f.chief.id, gone));
  CHECK_REFUSED(f.Create(as_before, f.Wanted(Role::kViewer)), "SIGN_IN_REQUIRED");
}

TEST_CASE("a key is checked field by field", "[api-keys]") {
  Keyed f;
  const auto fault = [&](auto change) {
    ApiKey want = f.Wanted();
    change(want);
    const auto fields = errors::Fields(f.Create(f.chief, want).status());
    return fields.size() == 1 ? fields.front() : std::pair<std::string, std::string>();
  };
  CHECK(fault([](ApiKey& k) { k.name = ""; }).first == "name");
  CHECK(fault([](ApiKey& k) { k.role = Role::kPlatformAdmin; }).first == "role");
  CHECK(fault([](ApiKey& k) { k.scopes = {}; }).first == "scopes");
  const auto unknown = fault([](ApiKey& k) { k.scopes = {"users:write"}; });
  CHECK(unknown.first == "scopes");
  CHECK(unknown.second == "must be one or more of branches:read, rentals:read, rentals:write");
  CHECK(fault([&](ApiKey& k) { k.expires_at = f.clock.Now(); }).first == "expires_at");
  CHECK(fault([&](ApiKey& k) { k.expires_at = f.clock.Now() + absl::Hours(24 * 367); }).first ==
        "expires_at");
  CHECK(fault([](ApiKey& k) { k.requests_per_minute = -1; }).first == "requests_per_minute");
}

TEST_CASE("a key shrinks with its maker and grows back no further than it was", "[api-keys]") {
  Keyed f;
  const auto made = f.Create(f.chief, f.Wanted(Role::kOperator));
  REQUIRE_OK(made);
  const auto change = [&](const UserChange& wanted) {
    REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), f.chief.id, wanted));
  };
  UserChange lowered, moved, raised;
  lowered.role = Role::kViewer;
  moved.branches = {f.jerusalem.id};
  raised.role = Role::kOwner;
  raised.whole_chain = true;

  change(lowered);
  CHECK(f.Use(made->secret)->HasChainRole(Role::kViewer));
  CHECK_FALSE(f.Use(made->secret)->HasChainRole(Role::kInstaller));
  change(moved);
  CHECK(f.Use(made->secret)->RoleIn(f.jerusalem.id) == Role::kViewer);
  CHECK(f.Use(made->secret)->RoleIn(f.haifa.id) == Role::kNone);
  change(raised);
  CHECK(f.Use(made->secret)->StrongestRole() == Role::kOperator);
}

TEST_CASE("a key of lost branches, of who has left and of a closed chain is dead", "[api-keys]") {
  Keyed f;
  const auto local = f.Create(f.chief, f.Wanted(Role::kViewer, {f.haifa.id}));
  const auto other = f.Create(f.boss, f.Wanted());
  REQUIRE_OK(local);
  UserChange moved, gone, back;
  moved.branches = {f.jerusalem.id};
  back.whole_chain = true;
  REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), f.chief.id, moved));
  CHECK_REFUSED(f.Use(local->secret), "API_KEY_INVALID");
  REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), f.chief.id, back));
  REQUIRE_OK(f.Use(local->secret));

  gone.active = false;
  REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), f.chief.id, gone));
  CHECK_REFUSED(f.Use(local->secret), "API_KEY_INVALID");

  REQUIRE_OK(f.Use(other->secret));
  ChainChange closed;
  closed.active = false;
  REQUIRE_OK(f.ChangeChain(f.platform, f.rami.id, closed));
  CHECK_REFUSED(f.Use(other->secret), "API_KEY_INVALID");
}

TEST_CASE("keys are seen and revoked by those who administer all of them", "[api-keys]") {
  Keyed f;
  ApiKey want = f.Wanted();
  want.name = "whole";
  const auto whole = f.Create(f.boss, want);
  want.branches = {f.haifa.id};
  want.name = "haifa";
  const auto haifa = f.Create(f.chief, want);
  want.branches = {f.haifa.id, f.jerusalem.id};
  want.name = "both";
  const auto both = f.Create(f.chief, want);
  REQUIRE_OK(both);

  CHECK(f.Seen(f.chief.AsCaller()) == std::vector<std::string>{"both", "haifa", "whole"});
  CHECK(f.Seen(f.local.AsCaller()) == std::vector<std::string>{"haifa"});
  CHECK(f.Seen(f.stranger).empty());

  CHECK_REFUSED(f.Revoke(f.local.AsCaller(), whole->key.id), "API_KEY_NOT_FOUND");
  CHECK_REFUSED(f.Revoke(f.local.AsCaller(), both->key.id), "API_KEY_NOT_FOUND");
  CHECK_REFUSED(f.Revoke(f.stranger, haifa->key.id), "API_KEY_NOT_FOUND");
  REQUIRE_OK(f.Revoke(f.local.AsCaller(), haifa->key.id));
  const auto page = f.Do(f.boss.AsCaller(), [&](Store& store, const Caller& caller) {
    return ListApiKeys(store, caller, {1, {both->key.id.value()}});
  });
  REQUIRE_OK(page);
  CHECK(page->items.at(0).id == haifa->key.id);
  CHECK(page->items.at(0).revoked_at == f.clock.Now());
  CHECK_FALSE(page->next_page_token.empty());
}

TEST_CASE("once a key is revoked, none of many who use it gets in any more", "[api-keys]") {
  Keyed f;
  const auto made = f.Create(f.chief, f.Wanted());
  REQUIRE_OK(made);
  std::atomic<bool> revoked = false;
  std::atomic<int> late = 0, odd = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) {
        const bool after = revoked;
        const auto used = f.Use(made->secret);
        if (used.ok() && after) ++late;
        if (!used.ok() && testing::ReasonOf(used) != "API_KEY_INVALID") ++odd;
      }
    });
  }
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      if (!f.Revoke(f.owner, made->key.id).ok()) ++odd;
      revoked = true;
    });
  }
  for (auto& thread : threads) thread.join();

  CHECK(late == 0);
  CHECK(odd == 0);
  CHECK(f.Count("tenant.revocations WHERE kind = 'KEY'") == 1);
}

TEST_CASE("every end and every lost right is noted once", "[revocations]") {
  Keyed f;
  const auto key = f.Create(f.chief, f.Wanted());
  REQUIRE_OK(key);
  REQUIRE_OK(f.sessions.Login({}, "chief@x.example", kPassword));
  const auto noted = [&](const std::string& kind) {
    const auto rows = f.server.Sql(
        "WITH gone AS (DELETE FROM tenant.revocations RETURNING kind) "
        "SELECT count(*) AS n FROM gone WHERE kind = '" +
        kind + "'");
    return rows.front().Int("n");
  };
  UserChange name, branch, both, viewer, gone;
  name.name = "Chief";
  both.branches = {f.haifa.id, f.jerusalem.id};
  branch.branches = {f.haifa.id};
  viewer.role = Role::kViewer;
  gone.active = false;
  const auto change = [&](const UserChange& wanted) {
    REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), f.chief.id, wanted));
  };

  change(name);
  CHECK(f.Count("tenant.revocations") == 0);
  change(both);
  CHECK(noted("USER") == 1);
  change(both);
  CHECK(f.Count("tenant.revocations") == 0);
  change(branch);
  CHECK(noted("KEY") == 1);
  change(viewer);
  CHECK(noted("USER") == 1);
  change(gone);
  CHECK(noted("SIGN_IN") == 1);
  REQUIRE_OK(f.Revoke(f.owner, key->key.id));
  CHECK(noted("KEY") == 1);
  ChainChange closed;
  closed.active = false;
  REQUIRE_OK(f.ChangeChain(f.platform, f.rami.id, closed));
  CHECK(noted("USER") == 3);
}

TEST_CASE("each token tells of which rights it is, and each loss which tokens it ends",
          "[revocations]") {
  Keyed f;
  const auto key = f.Create(f.chief, f.Wanted());
  REQUIRE_OK(key);
  const auto version = [&] {
    const auto caller = f.Use(key->secret);
    REQUIRE_OK(caller);
    const auto session = f.sessions.Login({}, "chief@x.example", kPassword);
    REQUIRE_OK(session);
    CHECK(session->access_token == "token of user:" + f.chief.id.value() + ", rights " +
                                       std::to_string(caller->rights_version));
    return caller->rights_version;
  };
  const auto told = [&](const std::string& kind, const std::string& id) {
    return f.server
        .Sql("SELECT max(rights_version) AS version FROM tenant.revocations WHERE kind = '" + kind +
             "' AND subject_id = '" + id + "'")
        .front()
        .Int("version");
  };
  UserChange fewer, fewest;
  fewer.branches = {f.haifa.id, f.jerusalem.id};
  fewest.branches = {f.haifa.id};
  REQUIRE(f.Use(key->secret)->rights_version == 0);

  REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), f.chief.id, fewer));
  const int64_t second = version();
  CHECK(second > 0);
  CHECK(told("USER", f.chief.id.value()) == second);

  REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), f.chief.id, fewest));
  CHECK(version() > second);
  CHECK(told("USER", f.chief.id.value()) == version());
  CHECK(told("KEY", key->key.id.value()) == version());
  const int64_t last = version();

  REQUIRE_OK(f.Revoke(f.owner, key->key.id));
  CHECK(told("KEY", key->key.id.value()) == INT64_MAX);
  ChainChange closed;
  closed.active = false;
  REQUIRE_OK(f.ChangeChain(f.platform, f.rami.id, closed));
  CHECK(told("USER", f.chief.id.value()) == last + 1);
}

}  // namespace
}  // namespace cartwise::tenant
