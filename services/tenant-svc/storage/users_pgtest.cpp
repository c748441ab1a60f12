#include "storage/fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

std::vector<User> List(TwoChains& f, const Caller& as, const PageRequest& page = {}) {
  const auto list =
      f.Do(as, [&](Store& store, const Caller& caller) { return ListUsers(store, caller, page); });
  REQUIRE_OK(list);
  return list->items;
}

TEST_CASE("an e-mail is one person's on the whole cloud, in any case of letters", "[users]") {
  TwoChains f;
  REQUIRE_OK(f.NewUser(f.owner, "Dana@rami.example", Role::kViewer));

  CHECK_REFUSED(f.NewUser(f.owner, "dana@rami.example", Role::kViewer), "EMAIL_TAKEN");
  CHECK_REFUSED(f.NewUser(f.stranger, "DANA@RAMI.EXAMPLE", Role::kViewer), "EMAIL_TAKEN");
}

TEST_CASE("nobody gives a role above their own", "[users]") {
  TwoChains f;

  CHECK_REFUSED(f.NewUser(f.admin, "a@x.example", Role::kOwner), "ROLE_ABOVE_OWN");
  CHECK_REFUSED(f.NewUser(f.admin, "a@x.example", Role::kOwner, {f.haifa.id}), "ROLE_ABOVE_OWN");
  CHECK_REFUSED(f.NewUser(f.platform, "a@x.example", Role::kPlatformAdmin, {}, f.rami.id),
                "INVALID_FIELD");
  CHECK_REFUSED(f.NewUser(f.admin, "a@x.example", Role::kNone), "INVALID_FIELD");
  REQUIRE_OK(f.NewUser(f.admin, "a@x.example", Role::kAdmin));
  REQUIRE_OK(f.NewUser(f.platform, "b@x.example", Role::kOwner, {}, f.rami.id));
}

TEST_CASE("an admin of branches gives roles in those branches only", "[users]") {
  TwoChains f;
  const Caller limited = Staff(f.rami.id, Role::kAdmin, {f.haifa.id});

  CHECK_REFUSED(f.NewUser(limited, "a@x.example", Role::kViewer), "ROLE_ABOVE_OWN");
  CHECK_REFUSED(f.NewUser(limited, "a@x.example", Role::kViewer, {f.jerusalem.id}),
                "BRANCH_NOT_FOUND");
  CHECK_REFUSED(f.NewUser(limited, "a@x.example", Role::kViewer, {f.haifa.id, f.jerusalem.id}),
                "BRANCH_NOT_FOUND");
  REQUIRE_OK(f.NewUser(limited, "a@x.example", Role::kAdmin, {f.haifa.id}));
}

TEST_CASE("the branches of a role exist in the chain", "[users]") {
  TwoChains f;

  CHECK_REFUSED(f.NewUser(f.owner, "a@x.example", Role::kViewer, {f.tel_aviv.id}),
                "BRANCH_NOT_FOUND");
  CHECK_REFUSED(f.NewUser(f.owner, "a@x.example", Role::kViewer, {BranchId::New()}),
                "BRANCH_NOT_FOUND");
  CHECK_REFUSED(f.NewUser(f.platform, "a@x.example", Role::kViewer, {f.tel_aviv.id}, f.rami.id),
                "BRANCH_NOT_FOUND");
  REQUIRE_OK(f.Delete(f.owner, f.jerusalem.id));
  CHECK_REFUSED(f.NewUser(f.owner, "a@x.example", Role::kViewer, {f.jerusalem.id}),
                "BRANCH_NOT_FOUND");
  const auto twice = f.NewUser(f.owner, "a@x.example", Role::kViewer, {f.haifa.id, f.haifa.id});
  REQUIRE_OK(twice);
  CHECK(twice->branches == std::vector<BranchId>{f.haifa.id});
}

TEST_CASE("staff are made in the caller's chain, by a platform admin in a named one", "[users]") {
  TwoChains f;

  CHECK_REFUSED(f.NewUser(f.owner, "a@x.example", Role::kViewer, {}, f.shufersal.id),
                "CHAIN_NOT_FOUND");
  CHECK_REFUSED(f.NewUser(f.platform, "a@x.example", Role::kViewer, {}, ChainId::New()),
                "CHAIN_NOT_FOUND");
  CHECK_REFUSED(f.NewUser(f.platform, "a@x.example", Role::kViewer), "INVALID_FIELD");
  CHECK_REFUSED(f.NewUser(f.owner, "not an e-mail", Role::kViewer), "INVALID_FIELD");
}

TEST_CASE("staff are listed by e-mail within what the caller administers", "[users]") {
  TwoChains f;
  REQUIRE_OK(f.NewUser(f.owner, "c@x.example", Role::kViewer, {f.haifa.id, f.jerusalem.id}));
  REQUIRE_OK(f.NewUser(f.owner, "a@x.example", Role::kAdmin));
  REQUIRE_OK(f.NewUser(f.owner, "b@x.example", Role::kViewer, {f.jerusalem.id}));
  REQUIRE_OK(f.NewUser(f.stranger, "d@x.example", Role::kOwner));

  const auto all = List(f, f.owner);
  REQUIRE(all.size() == 3);
  CHECK(all[0].email == "a@x.example");
  CHECK(all[0].whole_chain);
  CHECK(all[2].branches.size() == 2);
  CHECK(List(f, f.owner, {50, {"a@x.example"}}).size() == 2);
  CHECK(List(f, f.platform).size() == 4);

  const auto shared = List(f, Staff(f.rami.id, Role::kAdmin, {f.haifa.id}));
  REQUIRE(shared.size() == 1);
  CHECK(shared[0].email == "c@x.example");
  CHECK(shared[0].branches == std::vector<BranchId>{f.haifa.id});
}

TEST_CASE("a caller hears who they are, until the account ends", "[users]") {
  TwoChains f;
  const auto user = f.NewUser(f.owner, "a@x.example", Role::kOperator, {f.haifa.id});
  REQUIRE_OK(user);
  const auto me = [&](const Caller& as) {
    return f.Do(as, [](Store& store, const Caller& caller) { return GetMe(store, caller); });
  };

  const auto found = me(user->AsCaller());
  REQUIRE_OK(found);
  CHECK(found->email == "a@x.example");
  CHECK(found->Grants().at(0).branches == std::vector<BranchId>{f.haifa.id});

  f.server.Sql("UPDATE tenant.users SET active = false");
  CHECK_REFUSED(me(user->AsCaller()), "SIGN_IN_REQUIRED");
  CHECK_REFUSED(me(f.owner), "SIGN_IN_REQUIRED");
}

TEST_CASE("the platform admin is made once; a second time sets the password", "[users]") {
  TwoChains f;
  const auto set = [&](const std::string& email, const std::string& password) {
    return SetPlatformAdmin(f.database, f.credentials, email, password, f.clock.Now());
  };

  REQUIRE_OK(set("Root@cartwise.example", "the first password"));
  const auto session = f.sessions.Login({}, "root@cartwise.example", "the first password");
  REQUIRE_OK(session);
  REQUIRE_OK(set("root@cartwise.example", "the second password"));

  CHECK(f.Count("tenant.users WHERE role = 'PLATFORM_ADMIN'") == 1);
  CHECK_REFUSED(f.sessions.Login({}, "root@cartwise.example", "the first password"),
                "BAD_CREDENTIALS");
  CHECK_REFUSED(f.sessions.Refresh({}, session->refresh_token), "BAD_CREDENTIALS");
  REQUIRE_OK(f.sessions.Login({}, "root@cartwise.example", "the second password"));

  REQUIRE_OK(f.NewUser(f.owner, "a@x.example", Role::kOwner));
  CHECK_REFUSED(set("a@x.example", "the third password"), "EMAIL_TAKEN");
  CHECK_REFUSED(set("new@x.example", "short"), "INVALID_FIELD");
  CHECK_REFUSED(set("nobody", "the third password"), "INVALID_FIELD");
}

}  // namespace
}  // namespace cartwise::tenant
