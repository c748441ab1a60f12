#include "cartwise/testing/row_security.hpp"
#include "storage/fixture_pgtest.hpp"

namespace cartwise::telemetry {

TEST_CASE("an event is read back as it came", "[telemetry][pg]") {
  Fixture f;
  const NewEvent event = f.Event("lock.closed");

  REQUIRE_OK(f.AddOfDevice({event}));

  const auto records = f.List(f.OfDevice());
  REQUIRE(records.size() == 1);
  const PlacedEvent& placed = records[0].placed;
  CHECK(placed.chain == kChain);
  CHECK(placed.branch == kHaifa);
  CHECK(placed.device == f.device);
  CHECK(placed.event.id == event.id);
  CHECK(placed.event.type == "lock.closed");
  CHECK(placed.event.data == event.data);
  CHECK(placed.event.occurred_at == event.occurred_at);
  CHECK(records[0].received_at >= f.now - absl::Seconds(5));
}

TEST_CASE("a batch sent again stores nothing twice", "[telemetry][pg]") {
  Fixture f;
  const std::vector<NewEvent> batch = {f.Event(), f.Event(), f.Event()};

  CHECK(*f.AddOfDevice(batch) == 3);
  CHECK(*f.AddOfDevice(batch) == 0);
  CHECK(*f.AddOfDevice({batch[0], f.Event(), batch[2]}) == 1);
  const NewEvent twice = f.Event();
  CHECK(*f.AddOfDevice({twice, twice}) == 1);
  CHECK(f.List(f.OfDevice()).size() == 5);
}

TEST_CASE("a device's own upload stands where the device was last said to stand",
          "[telemetry][pg]") {
  Fixture f;
  const auto branch_of_latest = [&] { return f.List(f.OfDevice())[0].placed.branch; };

  REQUIRE_OK(f.AddOfDevice({f.Event("a", absl::Seconds(9))}, BranchId()));
  CHECK(branch_of_latest() == BranchId());
  REQUIRE_OK(f.AddOfDevice({f.Event("a", absl::Seconds(8))}, kHaifa));
  REQUIRE_OK(f.AddOfDevice({f.Event("a", absl::Seconds(7))}, BranchId()));
  CHECK(branch_of_latest() == kHaifa);
  REQUIRE_OK(
      f.store.Add(Caller::Service("device-svc"),
                  {{kChain, kJaffa, f.device, f.Event("device.updated", absl::Seconds(6))}}));
  REQUIRE_OK(f.AddOfDevice({f.Event("a", absl::Seconds(5))}, BranchId()));
  CHECK(branch_of_latest() == kJaffa);
}

TEST_CASE("the fleet's events are stored once, with or without branch and device",
          "[telemetry][pg]") {
  Fixture f;
  const std::vector<PlacedEvent> batch = {
      {kChain, kHaifa, f.device, f.Event("device.online")},
      {kChain, BranchId(), DeviceId(), f.Event("chain.updated")},
      {kOther, kJaffa, DeviceId(), f.Event("branch.updated")},
      {kChain, kHaifa, f.device, f.Event("lock.closed", absl::Hours(24 * 30))},
      {kChain, kHaifa, f.device, f.Event("lock.closed", absl::Hours(-24 * 365 * 80))}};

  CHECK(*f.store.Add(Caller::Service("device-svc"), batch) == 5);
  CHECK(*f.store.Add(Caller::Service("device-svc"), batch) == 0);

  CHECK(f.List(f.OfChain(kChain)).size() == 4);
  CHECK(f.List(f.OfChain(kOther), Of(kOther)).size() == 1);
  CHECK(f.List(f.OfDevice()).size() == 3);
  CHECK(f.List(f.OfChain(kOther), Of(kOther))[0].placed.device == DeviceId());
  CHECK(f.Count("SELECT count(*) FROM telemetry.events_other") == 2);
}

TEST_CASE("clocks that are wrong by ages harm nothing", "[telemetry][pg]") {
  Fixture f;
  NewEvent first = f.Event(), last = f.Event();
  first.occurred_at = absl::FromUnixSeconds(-62'135'596'800);
  last.occurred_at = absl::FromUnixSeconds(253'402'300'799);
  REQUIRE_OK(f.store.Add(Caller::Service("device-svc"), {{kChain, kHaifa, f.device, first},
                                                         {kChain, kHaifa, f.device, last},
                                                         {kChain, kHaifa, f.device, f.Event()}}));
  Query after_last = f.OfDevice();
  after_last.after = {last.occurred_at, last.id};
  Query after_first = f.OfDevice();
  after_first.after = {first.occurred_at, first.id};

  const auto all = f.List(f.OfDevice());
  REQUIRE(all.size() == 3);
  CHECK(all[0].placed.event.occurred_at == last.occurred_at);
  CHECK(all[2].placed.event.occurred_at == first.occurred_at);
  CHECK(f.List(after_last).size() == 2);
  CHECK(f.List(after_first).empty());
}

TEST_CASE("lists are newest first and page without gap or repeat", "[telemetry][pg]") {
  Fixture f;
  std::vector<NewEvent> batch;
  // Four per instant: ties are ordered by id.
  for (int i = 0; i < 20; ++i) batch.push_back(f.Event("a", absl::Minutes(i / 4)));
  REQUIRE_OK(f.AddOfDevice(batch));

  std::vector<Record> seen;
  Query query = f.OfDevice();
  query.limit = 3;
  for (;;) {
    const auto page = f.List(query);
    if (page.empty()) break;
    seen.insert(seen.end(), page.begin(), page.end());
    query.after = {seen.back().placed.event.occurred_at, seen.back().placed.event.id};
  }

  REQUIRE(seen.size() == 20);
  for (size_t i = 1; i < seen.size(); ++i) {
    const NewEvent &newer = seen[i - 1].placed.event, &older = seen[i].placed.event;
    CHECK(std::pair(newer.occurred_at, newer.id) > std::pair(older.occurred_at, older.id));
  }
}

TEST_CASE("a type is matched whole or by its beginning", "[telemetry][pg]") {
  Fixture f;
  for (const char* type :
       {"lock.closed", "lock.closed.again", "lock.close", "locks.closed", "lock"}) {
    REQUIRE_OK(f.AddOfDevice({f.Event(type)}));
  }
  Query query = GENERATE_REF(f.OfDevice(), f.OfBranch(kHaifa), f.OfChain(kChain));
  const auto matches = [&](const std::string& type, bool prefix) {
    query.type = type;
    query.type_prefix = prefix;
    return f.List(query).size();
  };

  CHECK(matches("lock.closed", false) == 1);
  CHECK(matches("lock.", false) == 0);
  CHECK(matches("lock.", true) == 3);
  CHECK(matches("lock", true) == 5);
  CHECK(matches("", true) == 5);
}

TEST_CASE("time and branches narrow a list", "[telemetry][pg]") {
  Fixture f;
  REQUIRE_OK(f.AddOfDevice({f.Event("lock.closed", absl::Hours(1)), f.Event("lock.opened"),
                            f.Event("agent.health", absl::Hours(2))}));
  REQUIRE_OK(f.AddOfDevice({f.Event("lock.closed")}, kJaffa));
  Query times = f.OfDevice(), branches = f.OfChain(kChain);
  times.from = f.now - absl::Hours(1);
  times.until = f.now;
  branches.visible = {kJaffa};

  CHECK(f.List(times).size() == 1);
  CHECK(f.List(branches).size() == 1);
  CHECK(f.List(f.OfBranch(kHaifa)).size() == 3);
  CHECK(f.List(f.OfBranch(kJaffa)).size() == 1);
  branches.visible = std::vector<BranchId>();
  CHECK(f.List(branches).empty());
}

TEST_CASE("a chain sees its own record only, the platform sees all", "[telemetry][pg]") {
  Fixture f;
  REQUIRE_OK(f.AddOfDevice({f.Event()}));

  CHECK(f.List(f.OfDevice(kChain), Of(kOther)).empty());
  CHECK(f.List(f.OfChain(kChain), Of(kOther)).empty());
  CHECK(f.List(f.OfDevice(ChainId()), Platform()).size() == 1);
  CHECK(f.List(f.OfChain(kChain), Platform()).size() == 1);
  Query branch = f.OfBranch(kHaifa);
  branch.chain = ChainId();
  CHECK(f.List(branch, Platform()).size() == 1);
}

TEST_CASE("a device that nobody told of may speak and read", "[telemetry][pg]") {
  Fixture f;

  CHECK(f.List(f.OfDevice(), DeviceOf(f.device, f.now)).empty());
  CHECK(f.Refused() == "");
  CHECK(f.List(f.OfDevice(), DeviceOf(f.device, f.now)).size() == 1);
}

TEST_CASE("a device out of service neither writes nor reads", "[telemetry][pg]") {
  Fixture f;

  f.Tell({f.Told("device.online", "ACTIVE", absl::Seconds(9))});
  CHECK(f.Refused() == "");
  f.Tell({f.Told("device.quarantined", "QUARANTINED", absl::Seconds(8))});
  CHECK(f.Refused() == "DEVICE_QUARANTINED");
  f.Tell({f.Told("device.updated", "ACTIVE", absl::Seconds(7))});
  CHECK(f.Refused() == "");
  f.Tell({f.Told("device.retired", "RETIRED", absl::Seconds(6))});
  CHECK(f.Refused() == "BAD_TOKEN");

  // What others say of it and read about it stays.
  CHECK(*f.AddOfDevice({f.Event()}) == 1);
  CHECK(f.List(f.OfDevice()).size() == 7);
}

TEST_CASE("an old event does not undo what a newer one told of a device", "[telemetry][pg]") {
  Fixture f;
  const PlacedEvent quarantined = f.Told("device.quarantined", "QUARANTINED", absl::Seconds(8));

  f.Tell({quarantined});
  f.Tell({f.Told("device.online", "ACTIVE", absl::Seconds(9))});
  CHECK(f.Refused() == "DEVICE_QUARANTINED");
  f.Tell({f.Told("device.updated", "ACTIVE", absl::Seconds(7)), quarantined});
  CHECK(f.Refused() == "");
  f.Tell({quarantined});
  CHECK(f.Refused() == "");
  f.Tell({f.Told("device.retired", "RETIRED", absl::Seconds(5)),
          f.Told("device.offline", "QUARANTINED", absl::Seconds(6))});
  CHECK(f.Refused() == "BAD_TOKEN");
}

TEST_CASE("tokens from before a rotation are void ten minutes after it", "[telemetry][pg]") {
  Fixture f;

  f.Tell({f.Told("device.token_rotated", "ACTIVE", absl::Minutes(20))});
  CHECK(f.Refused(absl::Minutes(21)) == "BAD_TOKEN");
  // To the second, and a moment before its event.
  CHECK(f.Refused(absl::Minutes(20) + absl::Milliseconds(1500)) == "");
  CHECK(f.Refused(absl::Minutes(19)) == "");

  f.Tell({f.Told("device.updated", "ACTIVE", absl::Minutes(18)),
          f.Told("device.token_rotated", "ACTIVE", absl::Minutes(30))});
  CHECK(f.Refused(absl::Minutes(21)) == "BAD_TOKEN");

  f.Tell({f.Told("device.token_rotated", "ACTIVE", absl::Minutes(9))});
  CHECK(f.Refused(absl::Minutes(19)) == "");
  CHECK(f.Refused(absl::Minutes(8)) == "");

  f.Tell({f.Told("device.quarantined", "QUARANTINED")});
  CHECK(f.Refused(absl::Minutes(8)) == "DEVICE_QUARANTINED");
}

TEST_CASE("tokens from before staff replaced one are void at once, and stay it",
          "[telemetry][pg]") {
  Fixture f;

  f.Tell({f.Told("device.token_voided", "ACTIVE", absl::Minutes(2))});
  CHECK(f.Refused(absl::Minutes(3)) == "BAD_TOKEN");
  CHECK(f.Refused(absl::Minutes(1)) == "");

  f.Tell({f.Told("device.token_rotated", "ACTIVE", absl::Minutes(1)),
          f.Told("device.token_voided", "ACTIVE", absl::Minutes(5))});
  CHECK(f.Refused(absl::Minutes(3)) == "BAD_TOKEN");
  CHECK(f.Refused(absl::Seconds(110)) == "");
}

TEST_CASE("a refused device is told so even when it sends a batch again", "[telemetry][pg]") {
  Fixture f;
  const std::vector<NewEvent> batch = {f.Event()};
  const Origin origin{kChain, BranchId(), f.device};
  CHECK(*f.AddAs(DeviceOf(f.device, f.now), origin, batch) == 1);

  f.Tell({f.Told("device.quarantined", "QUARANTINED")});

  CHECK_REFUSED(f.AddAs(DeviceOf(f.device, f.now), origin, batch), "DEVICE_QUARANTINED");
}

TEST_CASE("statements that forgot the tenant reach its own rows only", "[telemetry][pg]") {
  Fixture f;
  for (const ChainId& chain : {kChain, kOther}) {
    const DeviceId device = DeviceId::New();
    KeyedWrite write;
    Caller caller = Of(chain);
    caller.once = &write;
    NewEvent event = f.Event();
    event.time_may_change = true;
    REQUIRE_OK(f.AddAs(caller, {chain, kHaifa, device}, {event}));
    f.Tell({{chain, kHaifa, device, f.Event("device.online"), Standing{"ACTIVE"}}});
  }
  // Nor may a chain write into another's record.
  CHECK_FALSE(f.AddAs(Of(kOther), {kChain, kHaifa, f.device}, {f.Event()}).ok());
  testing::CheckRowSecurity(f.database, "telemetry", kChain, kOther);
}

TEST_CASE("one bad event keeps its whole batch out", "[telemetry][pg]") {
  Fixture f;
  NewEvent bad = f.Event();
  bad.data = "{";

  CHECK_FALSE(f.AddOfDevice({f.Event(), bad}).ok());
  CHECK(f.List(f.OfDevice()).empty());
}

TEST_CASE("the days to come are made, those past retention dropped", "[telemetry][pg]") {
  Fixture f;
  REQUIRE_OK(f.store.Add(Caller::Service("device-svc"),
                         {{kChain, kHaifa, f.device, f.Event("old", absl::Hours(24 * 20))}}));
  f.database.Sql(
      "SET ROLE cartwise_telemetry_owner; "
      "CREATE TABLE telemetry.events_20200101 PARTITION OF telemetry.events "
      "FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')");
  f.database.Sql("DROP TABLE telemetry.events_" +
                 absl::FormatTime("%Y%m%d", f.now + absl::Hours(24), absl::UTCTimeZone()));
  const std::string days =
      "SELECT count(*) FROM pg_inherits WHERE inhparent = 'telemetry.events'::regclass";
  CHECK(f.Count(days) == 12);

  REQUIRE_OK(f.store.TurnDays(90));
  REQUIRE_OK(f.store.TurnDays(90));

  CHECK(f.Count(days) == 12);
  CHECK(f.Count("SELECT count(*) FROM pg_class WHERE relname = 'events_20200101'") == 0);
  CHECK(f.List(f.OfDevice()).size() == 1);
  REQUIRE_OK(f.pool->CheckReady("telemetry"));
}

TEST_CASE("rows that came before their day move into it", "[telemetry][pg]") {
  Fixture f;
  const std::string tomorrow =
      absl::FormatTime("%Y%m%d", f.now + absl::Hours(24), absl::UTCTimeZone());
  f.database.Sql("DROP TABLE telemetry.events_" + tomorrow);
  REQUIRE_OK(f.store.Add(Caller::Service("device-svc"),
                         {{kChain, kHaifa, f.device, f.Event("early", absl::Hours(-24))}}));
  CHECK(f.Count("SELECT count(*) FROM telemetry.events_other") == 1);

  REQUIRE_OK(f.store.TurnDays(90));

  CHECK(f.Count("SELECT count(*) FROM telemetry.events_other") == 0);
  CHECK(f.Count("SELECT count(*) FROM telemetry.events_" + tomorrow) == 1);
}

}  // namespace cartwise::telemetry
