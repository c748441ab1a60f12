#include "storage/fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

std::vector<std::string> Codes(TwoChains& f, const Caller& as, const BranchFilter& filter = {},
                               const PageRequest& page = {}) {
  const auto list = f.Do(as, [&](Store& store, const Caller& caller) {
    return ListBranches(store, caller, filter, page);
  });
  REQUIRE_OK(list);
  std::vector<std::string> codes;
  for (const Branch& branch : list->items) codes.push_back(branch.branch_code);
  return codes;
}

using Texts = std::vector<std::string>;

TEST_CASE("a branch comes back as it was made", "[branches]") {
  TwoChains f;
  Branch want;
  want.name = "Eilat";
  want.branch_code = "Eilat-1";
  want.address = "HaTmarim 1";
  want.city = "Eilat";
  want.postal_code = "88000";
  want.latitude = 29.5577;
  want.longitude = 34.9519;
  want.time_zone = "Europe/Berlin";
  want.rental_term = absl::Minutes(45);

  const auto made = f.Do(f.owner, [&](Store& store, const Caller& caller) {
    return CreateBranch(store, caller, want, f.clock.Now());
  });
  REQUIRE_OK(made);
  const auto found = f.Get(f.owner, made->id);

  REQUIRE_OK(found);
  CHECK(found->chain == f.rami.id);
  CHECK(found->latitude == want.latitude);
  CHECK(found->longitude == want.longitude);
  CHECK(found->time_zone == "Europe/Berlin");
  CHECK(found->rental_term == absl::Minutes(45));
  CHECK(found->postal_code == "88000");
  CHECK_FALSE(f.haifa.latitude.has_value());
}

TEST_CASE("a branch code is unique within its chain, and free again after deletion", "[branches]") {
  TwoChains f;

  CHECK_REFUSED(f.NewBranch(f.admin, "haifa"), "BRANCH_CODE_TAKEN");
  REQUIRE_OK(f.NewBranch(f.stranger, "haifa"));
  BranchChange change;
  change.branch_code = "haifa";
  CHECK_REFUSED(f.ChangeBranch(f.admin, f.jerusalem.id, change), "BRANCH_CODE_TAKEN");

  REQUIRE_OK(f.Delete(f.admin, f.haifa.id));
  REQUIRE_OK(f.ChangeBranch(f.admin, f.jerusalem.id, change));
}

TEST_CASE("branches are made in the caller's chain, by a platform admin in a named one",
          "[branches]") {
  TwoChains f;

  CHECK_REFUSED(f.NewBranch(f.admin, "new", f.shufersal.id), "CHAIN_NOT_FOUND");
  CHECK_REFUSED(f.NewBranch(f.platform, "new", ChainId::New()), "CHAIN_NOT_FOUND");
  const auto unnamed = f.NewBranch(f.platform, "new");
  CHECK_REFUSED(unnamed, "INVALID_FIELD");
  CHECK(errors::Fields(unnamed.status()).at(0).first == "chain_id");
  REQUIRE_OK(f.NewBranch(f.admin, "new", f.rami.id));
  CHECK_REFUSED(f.NewBranch(Staff(f.rami.id, Role::kAdmin, {f.haifa.id}), "more"),
                "WHOLE_CHAIN_ONLY");
}

TEST_CASE("a foreign branch answers exactly as an absent one", "[branches]") {
  TwoChains f;

  const auto foreign = f.Get(f.owner, f.tel_aviv.id);

  CHECK_REFUSED(foreign, "BRANCH_NOT_FOUND");
  CHECK(foreign.status() == f.Get(f.owner, BranchId::New()).status());
  CHECK_REFUSED(f.ChangeBranch(f.owner, f.tel_aviv.id, {}), "BRANCH_NOT_FOUND");
  CHECK_REFUSED(f.Delete(f.owner, f.tel_aviv.id), "BRANCH_NOT_FOUND");
  REQUIRE_OK(f.Get(f.stranger, f.tel_aviv.id));
}

TEST_CASE("staff limited to branches see those, and find no others", "[branches]") {
  TwoChains f;
  const Caller limited = Staff(f.rami.id, Role::kAdmin, {f.jerusalem.id});

  CHECK(Codes(f, limited) == Texts{"jerusalem"});
  REQUIRE_OK(f.Get(limited, f.jerusalem.id));
  CHECK_REFUSED(f.Get(limited, f.haifa.id), "BRANCH_NOT_FOUND");
  CHECK_REFUSED(f.ChangeBranch(limited, f.haifa.id, {}), "BRANCH_NOT_FOUND");
  CHECK_REFUSED(f.Delete(limited, f.haifa.id), "BRANCH_NOT_FOUND");
}

TEST_CASE("branches are listed by name with the filters a person reaches for", "[branches]") {
  TwoChains f;
  BranchChange closed;
  closed.active = false;
  REQUIRE_OK(f.ChangeBranch(f.owner, f.haifa.id, closed));

  CHECK(Codes(f, f.owner) == Texts{"haifa", "jerusalem"});
  CHECK(Codes(f, f.platform) == Texts{"haifa", "jerusalem", "tel-aviv"});
  CHECK(Codes(f, f.platform, {.chain = f.shufersal.id}) == Texts{"tel-aviv"});
  CHECK(Codes(f, f.owner, {.chain = f.shufersal.id}).empty());
  CHECK(Codes(f, f.owner, {.query = "JERU"}) == Texts{"jerusalem"});
  CHECK(Codes(f, f.owner, {.active = true}) == Texts{"jerusalem"});
  CHECK(Codes(f, f.owner, {.active = false}) == Texts{"haifa"});
  CHECK(Codes(f, f.owner, {}, {1, {f.haifa.name, f.haifa.id.value()}}) == Texts{
                                                                              "jerusalem",
                                                                          });
}

TEST_CASE("a deleted branch is gone from everywhere but its past", "[branches]") {
  TwoChains f;
  const auto key = f.NewKey(f.owner, f.haifa.id);
  REQUIRE_OK(key);
  const auto clerk = f.NewUser(f.owner, "clerk@rami.example", Role::kOperator, {f.haifa.id});
  REQUIRE_OK(clerk);

  REQUIRE_OK(f.Delete(f.owner, f.haifa.id));

  CHECK(Codes(f, f.owner) == Texts{"jerusalem"});
  CHECK_REFUSED(f.Get(f.owner, f.haifa.id), "BRANCH_NOT_FOUND");
  CHECK_REFUSED(f.Delete(f.owner, f.haifa.id), "BRANCH_NOT_FOUND");
  CHECK_REFUSED(f.Redeem(key->secret, "02:00:00:00:00:01"), "ENROLLMENT_KEY_INVALID");
  CHECK(f.Count("tenant.branches WHERE branch_code = 'haifa'") == 1);
  // Whoever was limited to it is not set free.
  const auto account =
      f.Do(f.owner, [&](Store& store, const Caller&) { return store.FindAccount(clerk->id); });
  REQUIRE_OK(account);
  CHECK_FALSE((*account)->user.AsCaller().HasChainRole(Role::kViewer));
}

TEST_CASE("other services look branches up with the words of their topics", "[branches]") {
  TwoChains f;
  const auto look_up = [&](const BranchId& id) {
    return f.Do(Caller::Service("device-svc"),
                [&](Store& store, const Caller&) { return LookUpBranch(store, id); });
  };

  const auto entry = look_up(f.tel_aviv.id);
  REQUIRE_OK(entry);
  CHECK(entry->chain == f.shufersal.id);
  CHECK(entry->chain_slug == "shufersal");
  CHECK(entry->branch_code == "tel-aviv");
  CHECK(entry->active);

  ChainChange closed;
  closed.active = false;
  REQUIRE_OK(f.ChangeChain(f.platform, f.shufersal.id, closed));
  CHECK_FALSE(look_up(f.tel_aviv.id)->active);
  CHECK_REFUSED(look_up(BranchId::New()), "BRANCH_NOT_FOUND");
}

TEST_CASE("every change of a branch is told with what is stored", "[branches]") {
  TwoChains f;
  BranchChange change;
  change.rental_term = absl::Minutes(90);
  change.latitude = 32.79;
  REQUIRE_OK(f.ChangeBranch(f.owner, f.haifa.id, change));
  REQUIRE_OK(f.Delete(f.owner, f.haifa.id));

  const auto events = f.server.Sql(
      "SELECT type, branch_id, payload->>'branch_code' AS code, payload->>'chain_id' AS chain, "
      "jsonb_typeof(payload->'rental_term_seconds') AS kind, "
      "payload->>'rental_term_seconds' AS term, payload->>'time_zone' AS zone, "
      "payload ? 'longitude' AS longitude, payload->>'deleted' AS deleted "
      "FROM tenant.outbox WHERE subject = '" +
      f.haifa.id.value() + "' ORDER BY seq");
  REQUIRE(events.size() == 3);
  CHECK(events[0].Text("type") == "branch.created");
  CHECK(events[1].Text("type") == "branch.updated");
  CHECK(events[1].Text("branch_id") == f.haifa.id.value());
  CHECK(events[1].Text("chain") == f.rami.id.value());
  CHECK(events[1].Text("code") == "haifa");
  CHECK(events[1].Text("kind") == "number");
  CHECK(events[1].Text("term") == "5400");
  CHECK(events[1].Text("zone") == "Asia/Jerusalem");
  CHECK_FALSE(events[1].Bool("longitude"));
  CHECK(events[1].Text("deleted") == "false");
  CHECK(events[2].Text("type") == "branch.deleted");
  CHECK(events[2].Text("deleted") == "true");
}

}  // namespace
}  // namespace cartwise::tenant
