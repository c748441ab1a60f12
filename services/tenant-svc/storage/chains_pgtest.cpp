#include "storage/fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

absl::StatusOr<Listing<Chain>> List(TwoChains& f, const Caller& as, const std::string& query,
                                    const PageRequest& page) {
  return f.Do(as, [&](Store& store, const Caller&) { return ListChains(store, query, page); });
}

absl::StatusOr<Chain> GetAs(TwoChains& f, const Caller& as, const ChainId& id) {
  return f.Do(as, [&](Store& store, const Caller&) { return GetChain(store, id); });
}

TEST_CASE("a chain comes back as it was made", "[chains]") {
  TwoChains f;
  Chain want;
  want.name = "\u05E8\u05DE\u05D9 \u05DC\u05D5\u05D9";
  want.slug = "rami";
  want.description = "Two\nlines";
  want.contact_email = "Office@Rami.example";
  want.contact_phone = "+972 (3) 123-4567";
  want.plan = Plan::kEnterprise;

  const auto made = f.Do(f.platform, [&](Store& store, const Caller& caller) {
    return CreateChain(store, caller, want, f.clock.Now());
  });
  REQUIRE_OK(made);
  const auto found = GetAs(f, f.platform, made->id);

  REQUIRE_OK(found);
  CHECK(found->name == want.name);
  CHECK(found->description == want.description);
  CHECK(found->contact_email == "office@rami.example");
  CHECK(found->contact_phone == want.contact_phone);
  CHECK(found->plan == Plan::kEnterprise);
  CHECK(found->active);
  CHECK(found->created_at == f.clock.Now());
}

TEST_CASE("a slug belongs to one chain of the whole cloud", "[chains]") {
  TwoChains f;

  CHECK_REFUSED(f.NewChain("rami-levi"), "SLUG_TAKEN");

  ChainChange change;
  change.slug = "shufersal";
  CHECK_REFUSED(f.ChangeChain(f.owner, f.rami.id, change), "SLUG_TAKEN");
}

TEST_CASE("a foreign chain answers exactly as an absent one", "[chains]") {
  TwoChains f;

  const auto foreign = GetAs(f, f.owner, f.shufersal.id);
  const auto absent = GetAs(f, f.owner, ChainId::New());

  CHECK_REFUSED(foreign, "CHAIN_NOT_FOUND");
  CHECK(foreign.status() == absent.status());
  CHECK_REFUSED(f.ChangeChain(f.owner, f.shufersal.id, {}), "CHAIN_NOT_FOUND");
  CHECK_REFUSED(f.Delete(f.owner, f.shufersal.id), "CHAIN_NOT_FOUND");
}

TEST_CASE("plan and activity of a chain are the platform's to change", "[chains]") {
  TwoChains f;
  ChainChange plan, active;
  plan.plan = Plan::kEnterprise;
  active.active = false;

  CHECK_REFUSED(f.ChangeChain(f.owner, f.rami.id, plan), "PLATFORM_ADMIN_ONLY");
  CHECK_REFUSED(f.ChangeChain(f.owner, f.rami.id, active), "PLATFORM_ADMIN_ONLY");
  REQUIRE_OK(f.ChangeChain(f.platform, f.rami.id, plan));
  REQUIRE_OK(f.ChangeChain(f.platform, f.rami.id, active));

  const auto chain = GetAs(f, f.owner, f.rami.id);
  REQUIRE_OK(chain);
  CHECK(chain->plan == Plan::kEnterprise);
  CHECK_FALSE(chain->active);
}

TEST_CASE("an admin of branches does not administer the chain", "[chains]") {
  TwoChains f;
  ChainChange change;
  change.name = "Mine";
  const Caller limited = Staff(f.rami.id, Role::kAdmin, {f.haifa.id});

  CHECK_REFUSED(f.ChangeChain(limited, f.rami.id, change), "WHOLE_CHAIN_ONLY");
}

TEST_CASE("a chain with branches stays; without, it goes and frees what was its own", "[chains]") {
  TwoChains f;
  REQUIRE_OK(f.NewUser(f.stranger, "boss@shufersal.example", Role::kOwner));
  const auto session = f.sessions.Login({}, "boss@shufersal.example", kPassword);
  REQUIRE_OK(session);

  CHECK_REFUSED(f.Delete(f.platform, f.shufersal.id), "CHAIN_NOT_EMPTY");
  REQUIRE_OK(f.Delete(f.platform, f.tel_aviv.id));
  REQUIRE_OK(f.Delete(f.platform, f.shufersal.id));

  CHECK_REFUSED(GetAs(f, f.platform, f.shufersal.id), "CHAIN_NOT_FOUND");
  CHECK_REFUSED(f.sessions.Login({}, "boss@shufersal.example", kPassword), "BAD_CREDENTIALS");
  CHECK_REFUSED(f.sessions.Refresh({}, session->refresh_token), "BAD_CREDENTIALS");
  CHECK_REFUSED(f.NewBranch(f.platform, "new", f.shufersal.id), "CHAIN_NOT_FOUND");
  REQUIRE_OK(f.NewChain("shufersal"));
  REQUIRE_OK(f.NewUser(f.owner, "boss@shufersal.example", Role::kViewer));
}

TEST_CASE("chains are listed by name, page by page, and staff see their own", "[chains]") {
  TwoChains f;
  for (const char* slug : {"c", "a", "b"}) REQUIRE_OK(f.NewChain(std::string("x-") + slug));

  std::vector<std::string> names;
  PageRequest page{2, {}};
  for (int i = 0; i < 3; ++i) {
    const auto list = List(f, f.platform, "", page);
    REQUIRE_OK(list);
    for (const Chain& chain : list->items) names.push_back(chain.slug);
    if (list->next_page_token.empty()) break;
    page = ParsePage(2, list->next_page_token, 2).value();
  }

  CHECK(names == std::vector<std::string>{"rami-levi", "shufersal", "x-a", "x-b", "x-c"});
  CHECK(List(f, f.platform, "CHAIN X-", {50, {}})->items.size() == 3);
  CHECK(List(f, f.platform, "100%_", {50, {}})->items.empty());
  REQUIRE(List(f, f.owner, "", {50, {}})->items.size() == 1);
  CHECK(List(f, f.owner, "", {50, {}})->items[0].id == f.rami.id);
}

TEST_CASE("every change of a chain is told in the same transaction", "[chains]") {
  TwoChains f;
  ChainChange change;
  change.name = "New name";
  REQUIRE_OK(f.ChangeChain(f.owner, f.rami.id, change));
  change.slug = "shufersal";
  CHECK_REFUSED(f.ChangeChain(f.owner, f.rami.id, change), "SLUG_TAKEN");

  const auto events = f.server.Sql(
      "SELECT type, subject, trace_id, payload->>'name' AS name, payload->>'slug' AS slug, "
      "payload->>'active' AS active, payload->>'deleted' AS deleted, payload->>'id' AS id "
      "FROM tenant.outbox WHERE type LIKE 'chain.%' AND chain_id = '" +
      f.rami.id.value() + "' ORDER BY seq");
  REQUIRE(events.size() == 2);
  CHECK(events[0].Text("type") == "chain.created");
  CHECK(events[1].Text("type") == "chain.updated");
  CHECK(events[1].Text("subject") == f.rami.id.value());
  CHECK(events[1].Text("id") == f.rami.id.value());
  CHECK(events[1].Text("name") == "New name");
  CHECK(events[1].Text("slug") == "rami-levi");
  CHECK(events[1].Text("active") == "true");
  CHECK(events[1].Text("deleted") == "false");
  CHECK(events[1].Text("trace_id") == f.owner.trace_id);
}

}  // namespace
}  // namespace cartwise::tenant
