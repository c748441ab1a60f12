#include <thread>

#include "storage/fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

UserChange Name(const std::string& name) {
  UserChange change;
  change.name = name;
  return change;
}

UserChange To(Role role) {
  UserChange change;
  change.role = role;
  return change;
}

UserChange In(std::vector<BranchId> branches) {
  UserChange change;
  change.branches = std::move(branches);
  return change;
}

UserChange Active(bool active) {
  UserChange change;
  change.active = active;
  return change;
}

struct Staffed : TwoChains {
  User boss = Make("boss@x.example", Role::kOwner);
  User chief = Make("chief@x.example", Role::kAdmin);
  User local = Make("local@x.example", Role::kAdmin, {haifa.id});
  User clerk = Make("clerk@x.example", Role::kViewer, {haifa.id});
  User other = Make("other@x.example", Role::kViewer, {haifa.id, jerusalem.id});

  User Make(const std::string& email, Role role, std::vector<BranchId> branches = {}) {
    auto user = NewUser(platform, email, role, std::move(branches), rami.id);
    REQUIRE_OK(user);
    return *user;
  }

  absl::StatusOr<User> See(const Caller& as, const UserId& id) {
    return Do(as, [&](Store& store, const Caller& caller) { return GetUser(store, caller, id); });
  }
};

TEST_CASE("a user is seen by those who list them, and nobody else", "[users]") {
  Staffed f;
  REQUIRE_OK(f.See(f.chief.AsCaller(), f.boss.id));
  REQUIRE_OK(f.See(f.platform, f.boss.id));
  CHECK_REFUSED(f.See(f.stranger, f.boss.id), "USER_NOT_FOUND");
  CHECK_REFUSED(f.See(f.owner, UserId::New()), "USER_NOT_FOUND");

  CHECK_REFUSED(f.See(f.local.AsCaller(), f.boss.id), "USER_NOT_FOUND");
  const auto shared = f.See(f.local.AsCaller(), f.other.id);
  REQUIRE_OK(shared);
  CHECK(shared->branches == std::vector<BranchId>{f.haifa.id});
}

TEST_CASE("a change of a user replaces what it names and is kept", "[users]") {
  Staffed f;
  const auto check = [&](const absl::StatusOr<User>& changed) {
    REQUIRE_OK(changed);
    const auto kept = f.See(f.owner, f.clerk.id);
    REQUIRE_OK(kept);
    CHECK(kept->name == changed->name);
    CHECK(kept->role == changed->role);
    CHECK(kept->whole_chain == changed->whole_chain);
    CHECK(kept->branches == changed->branches);
  };

  check(f.ChangeUser(f.chief.AsCaller(), f.clerk.id, Name("Dana")));
  check(f.ChangeUser(f.chief.AsCaller(), f.clerk.id, To(Role::kOperator)));
  check(f.ChangeUser(f.chief.AsCaller(), f.clerk.id, In({f.jerusalem.id})));
  CHECK(f.See(f.owner, f.clerk.id)->branches == std::vector<BranchId>{f.jerusalem.id});
  UserChange everywhere;
  everywhere.whole_chain = true;
  check(f.ChangeUser(f.chief.AsCaller(), f.clerk.id, everywhere));
  const auto kept = f.See(f.owner, f.clerk.id);
  CHECK(kept->name == "Dana");
  CHECK(kept->role == Role::kOperator);
  CHECK(kept->whole_chain);

  everywhere.branches = {f.haifa.id};
  CHECK_REFUSED(f.ChangeUser(f.owner, f.clerk.id, everywhere), "INVALID_FIELD");
  CHECK_REFUSED(f.ChangeUser(f.owner, f.clerk.id, Name("")), "INVALID_FIELD");
  CHECK_REFUSED(f.ChangeUser(f.owner, f.clerk.id, To(Role::kPlatformAdmin)), "INVALID_FIELD");
}

TEST_CASE("nobody raises anybody above their own role, themselves included", "[users]") {
  Staffed f;
  CHECK_REFUSED(f.ChangeUser(f.chief.AsCaller(), f.clerk.id, To(Role::kOwner)), "ROLE_ABOVE_OWN");
  CHECK_REFUSED(f.ChangeUser(f.chief.AsCaller(), f.chief.id, To(Role::kOwner)), "ROLE_ABOVE_OWN");
  CHECK_REFUSED(f.ChangeUser(f.chief.AsCaller(), f.boss.id, Name("Fool")), "ROLE_ABOVE_OWN");
  CHECK_REFUSED(f.ChangeUser(f.chief.AsCaller(), f.boss.id, Active(false)), "ROLE_ABOVE_OWN");
  REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), f.chief.id, To(Role::kOwner)));
}

TEST_CASE("nobody changes or raises anybody beyond their own branches", "[users]") {
  Staffed f;
  const Caller local = f.local.AsCaller();
  UserChange everywhere;
  everywhere.whole_chain = true;

  CHECK_REFUSED(f.ChangeUser(local, f.clerk.id, In({f.jerusalem.id})), "BRANCH_NOT_FOUND");
  CHECK_REFUSED(f.ChangeUser(local, f.clerk.id, everywhere), "ROLE_ABOVE_OWN");
  CHECK_REFUSED(f.ChangeUser(local, f.local.id, everywhere), "ROLE_ABOVE_OWN");
  CHECK_REFUSED(f.ChangeUser(local, f.other.id, Name("Fool")), "ROLE_ABOVE_OWN");
  CHECK_REFUSED(f.ChangeUser(local, f.chief.id, Name("Fool")), "USER_NOT_FOUND");
  CHECK_REFUSED(f.ChangeUser(f.stranger, f.clerk.id, Name("Fool")), "USER_NOT_FOUND");
  CHECK_REFUSED(f.ChangeUser(f.owner, f.clerk.id, In({f.tel_aviv.id})), "BRANCH_NOT_FOUND");
  REQUIRE_OK(f.ChangeUser(local, f.clerk.id, To(Role::kAdmin)));
}

TEST_CASE("who lost a role cannot give it back with a token from before", "[users]") {
  Staffed f;
  const Caller before = f.chief.AsCaller();
  REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), f.chief.id, To(Role::kViewer)));

  CHECK_REFUSED(f.ChangeUser(before, f.chief.id, To(Role::kAdmin)), "ROLE_ABOVE_OWN");
  CHECK_REFUSED(f.NewUser(before, "puppet@x.example", Role::kAdmin), "ROLE_ABOVE_OWN");

  REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), f.chief.id, Active(false)));
  CHECK_REFUSED(f.ChangeUser(before, f.chief.id, Active(true)), "SIGN_IN_REQUIRED");
  CHECK_REFUSED(f.NewUser(before, "puppet@x.example", Role::kViewer), "SIGN_IN_REQUIRED");
}

TEST_CASE("whoever is deactivated is signed out at once and can be brought back", "[users]") {
  Staffed f;
  const auto session = f.sessions.Login({}, "clerk@x.example", kPassword);
  REQUIRE_OK(session);
  const auto bystander = f.sessions.Login({}, "other@x.example", kPassword);
  REQUIRE_OK(bystander);

  REQUIRE_OK(f.ChangeUser(f.owner, f.clerk.id, Active(false)));

  CHECK(f.Count("tenant.sign_ins WHERE revoked_reason = 'user deactivated'") == 1);
  CHECK_REFUSED(f.sessions.Refresh({}, session->refresh_token), "BAD_CREDENTIALS");
  CHECK_REFUSED(f.sessions.Login({}, "clerk@x.example", kPassword), "BAD_CREDENTIALS");
  REQUIRE_OK(f.sessions.Refresh({}, bystander->refresh_token));

  REQUIRE_OK(f.ChangeUser(f.owner, f.clerk.id, Active(true)));
  REQUIRE_OK(f.sessions.Login({}, "clerk@x.example", kPassword));
  CHECK_REFUSED(f.sessions.Refresh({}, session->refresh_token), "BAD_CREDENTIALS");
}

TEST_CASE("a chain's last active owner stays", "[users]") {
  Staffed f;
  for (const auto& change : {Active(false), To(Role::kAdmin), In({f.haifa.id})}) {
    CHECK_REFUSED(f.ChangeUser(f.boss.AsCaller(), f.boss.id, change), "LAST_OWNER");
    CHECK_REFUSED(f.ChangeUser(f.platform, f.boss.id, change), "LAST_OWNER");
  }
  REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), f.boss.id, Name("The Boss")));

  const User second = f.Make("second@x.example", Role::kOwner);
  REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), second.id, Active(false)));
  CHECK_REFUSED(f.ChangeUser(f.platform, f.boss.id, Active(false)), "LAST_OWNER");
  REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), second.id, Active(true)));
  REQUIRE_OK(f.ChangeUser(f.boss.AsCaller(), f.boss.id, To(Role::kAdmin)));
}

TEST_CASE("of two owners who remove each other at once one stays", "[users]") {
  Staffed f;
  const User second = f.Make("second@x.example", Role::kOwner);
  absl::StatusOr<User> a, b;
  std::thread one([&] { a = f.ChangeUser(f.boss.AsCaller(), second.id, Active(false)); });
  std::thread two([&] { b = f.ChangeUser(second.AsCaller(), f.boss.id, Active(false)); });
  one.join();
  two.join();

  CHECK(a.ok() != b.ok());
  CHECK(f.Count("tenant.users WHERE role = 'OWNER' AND active") == 1);
}

TEST_CASE("platform admins are not changed as staff", "[users]") {
  Staffed f;
  REQUIRE_OK(SetPlatformAdmin(f.database, f.credentials, "root@x.example", "a first password",
                              f.clock.Now()));
  const UserId root(f.server.Sql("SELECT user_id FROM tenant.users WHERE role = 'PLATFORM_ADMIN'")
                        .front()
                        .Text("user_id"));
  CHECK_REFUSED(f.ChangeUser(f.platform, root, Active(false)), "PLATFORM_ADMIN_FIXED");
  CHECK_REFUSED(f.ChangeUser(f.owner, root, Active(false)), "USER_NOT_FOUND");
}

}  // namespace
}  // namespace cartwise::tenant
