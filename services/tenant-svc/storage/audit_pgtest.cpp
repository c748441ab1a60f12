#include <algorithm>
#include <thread>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/pg/connection.hpp"
#include "storage/fixture_pgtest.hpp"
#include "storage/pg_audit_store.hpp"

namespace cartwise::tenant {
namespace {

// Two chains whose audit logs are filled by hand.
struct AuditLog : TwoChains {
  pg::DatabaseOf<AuditStore, PgAuditStore> audit{*pool, "tenant"};
  std::string entries = "tenant.audit_entries WHERE chain_id = '" + rami.id.value() + "'";

  Event Deed(const ChainId& chain, const std::string& actor) {
    Event event;
    event.id = EventId::New();
    event.chain = chain;
    event.branch = haifa.id;
    event.source = "tenant-svc";
    event.type = "branch.updated";
    event.subject = haifa.id.value();
    event.occurred_at = clock.Now();
    event.trace_id = std::string(32, 'a');
    event.audit = Audit{actor, "ADMIN", "he said \"no\", {really}\\", "10.0.0.1"};
    return event;
  }

  std::vector<Event> Deeds(int count) {
    std::vector<Event> deeds;
    for (int i = 0; i < count; ++i) deeds.push_back(Deed(rami.id, "user:" + std::to_string(i)));
    return deeds;
  }

  absl::Status Tell(const std::vector<Event>& events) {
    return Record(audit, events, clock.Now(), absl::InfiniteFuture(), AuditDigest);
  }

  // The whole finding as one text; empty when intact.
  std::string Fault(const ChainId& chain) {
    AuditFinding found;
    REQUIRE_OK(audit.Read(Caller::Service("tenant-svc"), [&](AuditStore& store) -> absl::Status {
      CW_ASSIGN_OR_RETURN(found, VerifyChain(store, chain, AuditDigest));
      return absl::OkStatus();
    }));
    return found.fault;
  }

  // How many logs there are.
  size_t Heads() {
    std::vector<AuditHead> heads;
    REQUIRE_OK(audit.Read(Caller::Service("tenant-svc"), [&](AuditStore& store) -> absl::Status {
      CW_ASSIGN_OR_RETURN(heads, store.Heads());
      return absl::OkStatus();
    }));
    return heads.size();
  }

  // What a superuser can do who steps around every wall.
  void Tamper(const std::string& sql) {
    server.Sql("SET session_replication_role = replica; " + sql);
  }

  absl::StatusOr<std::vector<AuditEntry>> List(const Caller& caller, const AuditFilter& filter,
                                               const PageRequest& page = {}) {
    Listing<AuditEntry> list;
    CW_RETURN_IF_ERROR(audit.Read(caller, [&](AuditStore& store) -> absl::Status {
      CW_ASSIGN_OR_RETURN(list, ListAudit(store, caller, filter, page));
      return absl::OkStatus();
    }));
    return list.items;
  }
};

TEST_CASE("deeds are numbered without gaps, chain by chain, and verify", "[audit]") {
  AuditLog f;
  auto deeds = f.Deeds(3);
  deeds.push_back(f.Deed(f.shufersal.id, "user:them"));
  Event noise = f.Deed(f.rami.id, "nobody");
  noise.audit.reset();
  deeds.push_back(noise);

  REQUIRE_OK(f.Tell(deeds));
  REQUIRE_OK(f.Tell(f.Deeds(2)));

  CHECK(f.Count(f.entries) == 5);
  CHECK(f.Count(f.entries + " AND entry_no BETWEEN 1 AND 5") == 5);
  CHECK(f.Fault(f.rami.id) == "");
  CHECK(f.Fault(f.shufersal.id) == "");
  CHECK(f.Heads() == 2);
}

TEST_CASE("a deed that is told again is written once", "[audit]") {
  AuditLog f;
  const auto deeds = f.Deeds(2);
  REQUIRE_OK(f.Tell(deeds));
  REQUIRE_OK(f.Tell({deeds[1], deeds[0], f.Deed(f.rami.id, "user:new"), deeds[1]}));
  const Event twice = f.Deed(f.rami.id, "user:twice");
  REQUIRE_OK(f.Tell({twice, twice}));

  CHECK(f.Count(f.entries) == 4);
  CHECK(f.Fault(f.rami.id) == "");
}

TEST_CASE("many who record at once leave no gap and no fork", "[audit]") {
  AuditLog f;
  std::vector<std::thread> replicas;
  std::vector<absl::Status> done(8);
  const auto shared = f.Deeds(5);
  for (size_t i = 0; i < done.size(); ++i) {
    replicas.emplace_back([&, i] {
      for (int round = 0; round < 5 && done[i].ok(); ++round) {
        std::vector<Event> batch = shared;
        batch.push_back(f.Deed(f.rami.id, "user:" + std::to_string(i)));
        batch.push_back(f.Deed(f.shufersal.id, "user:" + std::to_string(i)));
        if (i % 2 == 0) std::reverse(batch.begin(), batch.end());
        done[i] = f.Tell(batch);
      }
    });
  }
  for (std::thread& replica : replicas) replica.join();

  for (const absl::Status& status : done) CHECK(status.ok());
  CHECK(f.Count(f.entries) == 5 + 40);
  CHECK(f.Fault(f.rami.id) == "");
  CHECK(f.Fault(f.shufersal.id) == "");
}

TEST_CASE("every field that is changed afterwards shows", "[audit]") {
  AuditLog f;
  REQUIRE_OK(f.Tell(f.Deeds(3)));
  const std::string change = GENERATE(
      "event_id = gen_random_uuid()", "occurred_at = occurred_at + interval '1 microsecond'",
      "recorded_at = recorded_at - interval '1 hour'", "source = 'rental-svc'", "actor = 'nobody'",
      "role = 'OWNER'", "action = 'branch.deleted'", "object_id = ''", "branch_id = NULL",
      "device_id = gen_random_uuid()", "reason = ''", "address = '10.0.0.2'", "trace_id = ''",
      // Moved from one field to the next, so that all bytes stay as they were.
      "actor = actor || 'A', role = 'DMIN'", "entry_hash = sha256('x')");
  CAPTURE(change);

  f.Tamper("UPDATE tenant.audit_entries SET " + change + " WHERE chain_id = '" + f.rami.id.value() +
           "' AND entry_no = 2");

  CHECK(f.Fault(f.rami.id).rfind("entry 2 was changed", 0) == 0);
  CHECK(f.Fault(f.shufersal.id) == "");
}

TEST_CASE("an entry that is deleted, moved or added shows", "[audit]") {
  AuditLog f;
  REQUIRE_OK(f.Tell(f.Deeds(4)));
  const std::string ours = " chain_id = '" + f.rami.id.value() + "' ";

  SECTION("the first") {
    f.Tamper("DELETE FROM tenant.audit_entries WHERE" + ours + "AND entry_no = 1");
    CHECK(f.Fault(f.rami.id) == "entry 1 is missing");
  }
  SECTION("one within, and the others close up") {
    f.Tamper("DELETE FROM tenant.audit_entries WHERE" + ours + "AND entry_no = 2");
    CHECK(f.Fault(f.rami.id) == "entry 2 is missing");
    f.Tamper("UPDATE tenant.audit_entries SET entry_no = entry_no - 1 WHERE" + ours +
             "AND entry_no > 2");
    CHECK(f.Fault(f.rami.id).rfind("entry 2 was changed or moved", 0) == 0);
  }
  SECTION("the last") {
    f.Tamper("DELETE FROM tenant.audit_entries WHERE" + ours + "AND entry_no = 4");
    CHECK(f.Fault(f.rami.id) == "entry 4 is missing: the head tells of 4");
    f.Tamper("UPDATE tenant.audit_heads SET entry_no = 3 WHERE" + ours);
    CHECK(f.Fault(f.rami.id) == "the head does not match entry 3");
  }
  SECTION("all of them") {
    f.Tamper("DELETE FROM tenant.audit_entries WHERE" + ours);
    CHECK(f.Fault(f.rami.id) == "entry 1 is missing: the head tells of 4");
  }
  SECTION("two that change places") {
    f.Tamper("UPDATE tenant.audit_entries SET entry_no = -entry_no WHERE" + ours +
             "AND entry_no IN (2, 3) AND false; ALTER TABLE tenant.audit_entries DROP CONSTRAINT "
             "audit_entries_numbered; UPDATE tenant.audit_entries SET entry_no = -entry_no WHERE" +
             ours +
             "AND entry_no IN (2, 3); UPDATE tenant.audit_entries SET entry_no = entry_no + "
             "5 WHERE" +
             ours + "AND entry_no < 0");
    CHECK(f.Fault(f.rami.id).rfind("entry 2 was changed or moved", 0) == 0);
  }
  SECTION("one more behind the head, or no head at all") {
    f.Tamper("UPDATE tenant.audit_heads SET entry_no = 3 WHERE" + ours);
    CHECK(f.Fault(f.rami.id) == "entry 4 stands after the head");
    f.Tamper("DELETE FROM tenant.audit_heads WHERE" + ours);
    CHECK(f.Fault(f.rami.id) == "entry 1 stands after the head");
  }
}

TEST_CASE("nobody changes, deletes or empties the log", "[audit]") {
  AuditLog f;
  REQUIRE_OK(f.Tell(f.Deeds(2)));
  const bool as_owner = GENERATE(false, true);
  auto url = f.server.UrlOf("tenant");
  if (as_owner) {
    for (size_t at = 0; (at = url.find("tenant_app", at)) != std::string::npos;) {
      url.replace(at, 10, "tenant_owner");
    }
  }
  auto connection = pg::Connection::Open(url);
  REQUIRE_OK(connection);
  const std::string statement = GENERATE(
      "UPDATE tenant.audit_entries SET actor = 'nobody'", "DELETE FROM tenant.audit_entries",
      "TRUNCATE tenant.audit_entries", "DELETE FROM tenant.audit_heads",
      "TRUNCATE tenant.audit_heads", "UPDATE tenant.audit_heads SET entry_no = 1");
  CAPTURE(as_owner, statement);

  REQUIRE_OK((*connection)->Raw("BEGIN"));
  REQUIRE_OK((*connection)->Raw("SELECT set_config('cartwise.chain_id', '*', true)"));
  const auto refused = (*connection)->Raw(statement);

  REQUIRE_FALSE(refused.ok());
  const std::string why(refused.status().message());
  CAPTURE(why);
  const bool walled = why.find("permission denied") != std::string::npos ||
                      why.find("only added to") != std::string::npos;
  CHECK(walled);
  REQUIRE_OK((*connection)->Raw("ROLLBACK"));
  CHECK(f.Count(f.entries) == 2);
}

TEST_CASE("a chain sees its own log only, and adds to no other", "[audit][row-security]") {
  AuditLog f;
  REQUIRE_OK(f.Tell(f.Deeds(2)));
  REQUIRE_OK(f.Tell({f.Deed(f.shufersal.id, "user:them")}));
  auto connection = pg::Connection::Open(f.server.UrlOf("tenant"));
  REQUIRE_OK(connection);
  const auto run = [&](const std::string& sql) { return (*connection)->Raw(sql); };
  const std::string ours =
      "SELECT set_config('cartwise.chain_id', '" + f.rami.id.value() + "', true)";

  REQUIRE_OK(run("BEGIN"));
  CHECK(run("SELECT count(*) AS n FROM tenant.audit_entries")->front().Int("n") == 0);
  CHECK(run("SELECT count(*) AS n FROM tenant.audit_heads")->front().Int("n") == 0);
  REQUIRE_OK(run(ours));
  CHECK(run("SELECT count(*) AS n FROM tenant.audit_entries")->front().Int("n") == 2);
  CHECK(run("SELECT count(*) AS n FROM tenant.audit_heads")->front().Int("n") == 1);
  const auto foreign =
      run("INSERT INTO tenant.audit_entries SELECT '" + f.shufersal.id.value() +
          "', entry_no + 100, gen_random_uuid(), occurred_at, recorded_at, source, actor, role, "
          "action, object_id, branch_id, device_id, reason, address, trace_id, entry_hash "
          "FROM tenant.audit_entries");
  REQUIRE_FALSE(foreign.ok());
  CHECK(foreign.status().message().find("row-level security") != std::string::npos);
}

TEST_CASE("those who administer the whole chain read its log, newest first", "[audit]") {
  AuditLog f;
  auto deeds = f.Deeds(5);
  deeds[1].type = "branch";
  deeds[2].type = "branches.counted";
  deeds[3].subject = "cart-7";
  deeds[4].occurred_at += absl::Hours(1);
  REQUIRE_OK(f.Tell(deeds));
  const auto actors = [&](const AuditFilter& filter, const PageRequest& page = {}) {
    const auto entries = f.List(f.admin, filter, page);
    REQUIRE_OK(entries);
    std::string all;
    for (const AuditEntry& entry : *entries) all += entry.actor.substr(5);
    return all;
  };

  CHECK(actors({}) == "43210");
  CHECK(actors({}, {.size = 2, .after = {"4"}}) == "21");
  CHECK(actors({.actor = "user:3"}) == "3");
  CHECK(actors({.action = "branch"}) == "4310");
  CHECK(actors({.object_id = "cart-7"}) == "3");
  CHECK(actors({.branch = f.jerusalem.id}) == "");
  CHECK(actors({.trace_id = std::string(32, 'b')}) == "");
  CHECK(actors({.from = f.clock.Now() + absl::Minutes(30)}) == "4");
  CHECK(actors({.until = f.clock.Now() + absl::Minutes(30)}) == "3210");

  CHECK(errors::Reason(f.List(f.admin, {.chain = f.shufersal.id}).status()) == "CHAIN_NOT_FOUND");
  CHECK(errors::Reason(f.List(f.platform, {}).status()) == "INVALID_FIELD");
  CHECK(f.List(f.platform, {.chain = f.rami.id})->size() == 5);
  CHECK(errors::Reason(f.List(Staff(f.rami.id, Role::kAdmin, {f.haifa.id}), {}).status()) ==
        "WHOLE_CHAIN_ONLY");
}

// "user.created by user:1 as OWNER: ADMIN", one line per announced deed.
std::vector<std::string> Announced(TwoChains& f, const ChainId& chain) {
  std::vector<std::string> deeds;
  for (const auto row : f.server.Sql("SELECT type, subject, audit->>'actor' AS actor, "
                                     "audit->>'role' AS role, audit->>'reason' AS reason "
                                     "FROM tenant.outbox WHERE chain_id = '" +
                                     chain.value() + "' ORDER BY seq")) {
    std::string deed = row.Text("type") + " by " + row.Text("actor") + " as " + row.Text("role");
    if (!row.Text("reason").empty()) deed += ": " + row.Text("reason");
    deeds.push_back(deed);
  }
  return deeds;
}

TEST_CASE("everything that staff do is announced with who did it", "[audit]") {
  TwoChains f;
  f.server.Sql("DELETE FROM tenant.outbox");
  const std::string owner = " by " + f.owner.Label() + " as OWNER";
  const std::string platform = " by " + f.platform.Label() + " as PLATFORM_ADMIN";

  const auto user = f.NewUser(f.owner, "dana@x.example", Role::kOperator, {f.haifa.id});
  REQUIRE_OK(user);
  UserChange change;
  change.name = "Dana";
  REQUIRE_OK(f.ChangeUser(f.owner, user->id, change));
  const auto link = f.Do(f.owner, [&](Store& store, const Caller& caller) {
    return CreatePasswordLink(store, caller, f.credentials, user->id, f.clock.Now());
  });
  REQUIRE_OK(link);
  REQUIRE_OK(f.passwords.SetByLink({}, link->secret, "another long password"));
  const auto session = f.sessions.Login({}, "dana@x.example", "another long password");
  REQUIRE_OK(session);
  REQUIRE_OK(f.sessions.Logout({}, session->refresh_token));
  REQUIRE_OK(f.sessions.Logout({}, session->refresh_token));
  REQUIRE_OK(f.Do(f.owner, [&](Store& store, const Caller& caller) {
    return EndSignIns(store, caller, user->id, f.clock.Now());
  }));
  change.active = false;
  REQUIRE_OK(f.ChangeUser(f.platform, user->id, change));
  const auto key = f.NewKey(f.owner, f.haifa.id);
  REQUIRE_OK(key);
  REQUIRE_OK(f.Redeem(key->secret, "02:00:00:00:00:01"));
  REQUIRE_OK(f.Do(f.owner, [&](Store& store, const Caller& caller) {
    return RevokeEnrollmentKey(store, caller, f.haifa.id, key->key.id, f.clock.Now());
  }));
  BranchChange renamed;
  renamed.name = "Haifa port";
  REQUIRE_OK(f.ChangeBranch(f.owner, f.haifa.id, renamed));

  const std::string dana = " by user:" + user->id.value() + " as ";
  CHECK(Announced(f, f.rami.id) ==
        std::vector<std::string>{
            "user.created" + owner + ": OPERATOR of 1 branches",
            "user.updated" + owner + ": OPERATOR of 1 branches",
            "user.password_link_created" + owner, "user.password_set" + dana + "OPERATOR",
            "sign_in.started" + dana + "OPERATOR", "sign_in.ended" + dana + ": signed out",
            "user.sign_ins_ended" + owner,
            "user.deactivated" + platform + ": OPERATOR of 1 branches",
            "enrollment_key.created" + owner,
            "enrollment_key.redeemed by service:device-svc as SERVICE: by the device "
            "02:00:00:00:00:01",
            "enrollment_key.revoked" + owner, "branch.updated" + owner});
}

TEST_CASE("a refresh token that comes twice is in the log once, with nobody's name", "[audit]") {
  TwoChains f;
  REQUIRE_OK(f.NewUser(f.owner, "dana@x.example", Role::kAdmin));
  const auto session = f.sessions.Login({}, "dana@x.example", kPassword);
  REQUIRE_OK(session);
  REQUIRE_OK(f.sessions.Refresh({}, session->refresh_token));
  f.server.Sql("DELETE FROM tenant.outbox");

  CHECK_FALSE(f.sessions.Refresh({}, session->refresh_token).ok());
  CHECK_FALSE(f.sessions.Refresh({}, session->refresh_token).ok());

  CHECK(Announced(f, f.rami.id) ==
        std::vector<std::string>{"sign_in.ended by anonymous as : refresh token reused"});
}

TEST_CASE("what a refused call would have done is not in the log", "[audit]") {
  TwoChains f;
  f.server.Sql("DELETE FROM tenant.outbox");
  CHECK_FALSE(f.NewBranch(f.owner, "haifa").ok());
  CHECK_FALSE(f.ChangeBranch(f.stranger, f.haifa.id, {}).ok());
  CHECK_FALSE(f.sessions.Login({}, "nobody@x.example", kPassword).ok());
  CHECK(f.Count("tenant.outbox") == 0);
}

TEST_CASE("what concerns no chain stands in the platform's own log", "[audit]") {
  TwoChains f;
  f.server.Sql("DELETE FROM tenant.outbox");
  REQUIRE_OK(
      SetPlatformAdmin(f.database, f.credentials, "root@x.example", kPassword, f.clock.Now()));
  REQUIRE_OK(f.sessions.Login({}, "root@x.example", kPassword));

  const auto deeds = Announced(f, ChainId("00000000-0000-0000-0000-000000000000"));
  REQUIRE(deeds.size() == 2);
  CHECK(deeds[0] == "user.created by service:tenant-svc as SERVICE: by the command on the server");
  CHECK(deeds[1].find("as PLATFORM_ADMIN") != std::string::npos);
}

}  // namespace
}  // namespace cartwise::tenant
