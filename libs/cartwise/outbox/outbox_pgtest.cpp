#include <condition_variable>
#include <future>
#include <limits>
#include <mutex>
#include <thread>

#include <absl/time/clock.h>

#include "cartwise/outbox/outbox.hpp"
#include "cartwise/outbox/sink.hpp"
#include "cartwise/outbox/statements.hpp"
#include "cartwise/pg/connection.hpp"
#include "cartwise/testing/database.hpp"
#include "cartwise/testing/status.hpp"

namespace cartwise::outbox {
namespace {

const ChainId kLevi("0190aaaa-0000-7000-8000-000000000001");

struct OutboxFixture {
  testing::Database database;
  std::unique_ptr<pg::Pool> pool;

  OutboxFixture() {
    database.Sql(R"sql(
      CREATE SCHEMA shop;
      CREATE TABLE shop.outbox (
        chain_id uuid NOT NULL, seq bigint GENERATED ALWAYS AS IDENTITY,
        xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
        event_id uuid NOT NULL, branch_id uuid, device_id uuid, type text NOT NULL,
        subject text NOT NULL, occurred_at timestamptz NOT NULL, payload jsonb NOT NULL,
        trace_id text NOT NULL DEFAULT '', audit jsonb);
      CREATE INDEX outbox_order ON shop.outbox (xid, seq);
      CREATE TABLE shop.outbox_cursors (
        sink text PRIMARY KEY, xid xid8 NOT NULL DEFAULT '0', seq bigint NOT NULL DEFAULT 0);
      GRANT USAGE ON SCHEMA shop TO cartwise_tenant_app;
      GRANT ALL ON ALL TABLES IN SCHEMA shop TO cartwise_tenant_app)sql");
    pool = database.PoolOf("tenant");
  }

  absl::Status Tell(const std::string& type, std::optional<Audit> audit = std::nullopt) {
    Event event;
    event.type = type;
    event.occurred_at = absl::Now();
    event.payload = R"({"n": 1})";
    event.audit = std::move(audit);
    return Tell(std::move(event));
  }
  absl::Status Tell(Event event) {
    event.id = EventId::New();
    event.chain = kLevi;
    return pool->Transact(pg::Tenant::Of(kLevi), absl::InfiniteFuture(),
                          [&](pg::Transaction& tx) { return Append(tx, "shop", event); });
  }

  /// What would go to the sink now.
  std::vector<std::string> Next(const std::string& sink) {
    const Statements& sql = StatementsOf("shop");
    std::vector<std::string> types;
    REQUIRE_OK(pool->Transact(pg::Tenant::Platform(), absl::InfiniteFuture(),
                              [&](pg::Transaction& tx) -> absl::Status {
                                REQUIRE_OK(tx.Run(sql.introduce, sink));
                                const auto rows = tx.Run(sql.next, sink, 10);
                                REQUIRE_OK(rows);
                                for (const pg::Row row : *rows) types.push_back(row.Text("type"));
                                return absl::OkStatus();
                              }));
    return types;
  }
};

// An object of so many bytes, of what takes the most bytes in a message compared with its text.
std::string Numbers(size_t bytes) {
  std::string json = R"({"": [1)";
  while (json.size() + 4 <= bytes) json += ",1";
  return json.append(bytes - json.size() - 2, ' ') + "]}";
}

// Remembers what it got; refuses while `broken`.
struct RecordingSink {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> got;
  std::vector<std::optional<Audit>> audits;
  int refusals_left = 0;
  int refused = 0;
  int batches = 0;

  Sink AsSink(const std::string& name) {
    return {name, [this](const std::vector<Event>& events) -> absl::Status {
              std::lock_guard lock(mutex);
              changed.notify_all();
              if (refusals_left > 0) {
                --refusals_left;
                ++refused;
                return absl::UnavailableError("down");
              }
              ++batches;
              for (const Event& event : events) {
                got.push_back(event.type);
                audits.push_back(event.audit);
              }
              return absl::OkStatus();
            }};
  }
  template <typename Condition>
  bool WaitUntil(Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), condition);
  }
};

TEST_CASE("every sink gets every event in order, also what was told before it began", "[outbox]") {
  OutboxFixture f;
  RecordingSink first, second;
  REQUIRE_OK(f.Tell("a"));
  REQUIRE_OK(f.Tell("b"));

  Relay relay(*f.pool, "shop", "tenant-svc", {first.AsSink("first"), second.AsSink("second")},
              f.database.metrics);
  REQUIRE_OK(f.Tell("c"));
  relay.Wake();

  const std::vector<std::string> all = {"a", "b", "c"};
  CHECK(first.WaitUntil([&] { return first.got == all; }));
  CHECK(second.WaitUntil([&] { return second.got == all; }));
}

TEST_CASE("a sink that refuses gets the events later and holds up no other", "[outbox]") {
  OutboxFixture f;
  RecordingSink good, bad;
  bad.refusals_left = 2;

  Relay relay(*f.pool, "shop", "tenant-svc", {bad.AsSink("bad"), good.AsSink("good")},
              f.database.metrics);
  REQUIRE_OK(f.Tell("a"));
  relay.Wake();

  CHECK(good.WaitUntil([&] { return good.got.size() == 1; }));
  CHECK(bad.WaitUntil([&] { return bad.got.size() == 1; }));
  CHECK(bad.refused == 2);
}

TEST_CASE("large events go in batches that a service takes", "[outbox]") {
  constexpr int kMany = 60;
  OutboxFixture f;
  RecordingSink sink;
  std::mutex mutex;
  size_t largest = 0;
  const Deliver deliver = sink.AsSink("s").deliver;
  const Sink picky{"s", [&](const std::vector<Event>& events) -> absl::Status {
                     events::v1::DeliverRequest request;
                     for (const Event& event : events) *request.add_events() = ToProto(event);
                     std::lock_guard lock(mutex);
                     largest = std::max(largest, request.ByteSizeLong());
                     return deliver(events);
                   }};
  std::vector<std::string> all;
  Event large;
  large.occurred_at = absl::Now();
  large.payload = Numbers(16 * 1024);
  for (int i = 0; i < kMany; ++i) {
    all.push_back(std::to_string(i));
    large.type = all.back();
    REQUIRE_OK(f.Tell(large));
  }

  Relay relay(*f.pool, "shop", "tenant-svc", {picky}, f.database.metrics);

  REQUIRE(sink.WaitUntil([&] { return sink.got.size() >= all.size(); }));
  CHECK(sink.got == all);
  CHECK(largest < 1024 * 1024);
}

TEST_CASE("an event larger than a batch goes alone", "[outbox]") {
  OutboxFixture f;
  RecordingSink sink;
  Event large;
  large.type = "large";
  large.occurred_at = absl::Now();
  // PostgreSQL writes it with spaces.
  large.payload = Numbers(kMostOfEvent);
  REQUIRE_OK(f.Tell(large));
  REQUIRE_OK(f.Tell("small"));

  Relay relay(*f.pool, "shop", "tenant-svc", {sink.AsSink("s")}, f.database.metrics);

  REQUIRE(sink.WaitUntil([&] { return sink.got.size() == 2; }));
  CHECK(sink.got == std::vector<std::string>{"large", "small"});
  CHECK(sink.batches == 2);
}

TEST_CASE("an event that no sink takes is not written, the largest that is fits", "[outbox]") {
  OutboxFixture f;
  Event event;
  event.type = "large";
  event.occurred_at = absl::Now();

  event.payload = Numbers(kMostOfEvent);
  CHECK(ToProto(event).ByteSizeLong() < 1000 * 1024);
  REQUIRE_OK(f.Tell(event));

  event.audit = Audit{"user:7", "ADMIN", "why", "10.0.0.1"};
  CHECK(f.Tell(event).code() == absl::StatusCode::kInternal);
  CHECK(f.database.Sql("SELECT count(*) AS n FROM shop.outbox").front().Int("n") == 1);
}

TEST_CASE("how old the oldest event is shows while its sink refuses it", "[outbox]") {
  OutboxFixture f;
  RecordingSink sink;
  sink.refusals_left = std::numeric_limits<int>::max();
  Event old;
  old.type = "old";
  old.occurred_at = absl::Now() - absl::Seconds(70'000);
  REQUIRE_OK(f.Tell(old));

  Relay relay(*f.pool, "shop", "tenant-svc", {sink.AsSink("s")}, f.database.metrics);

  REQUIRE(sink.WaitUntil([&] { return sink.refused > 0; }));
  CHECK_THAT(f.database.metrics.Text(),
             Catch::Contains("cartwise_outbox_oldest_seconds{sink=\"s\"} 7000"));
}

TEST_CASE("a restarted relay goes on where the last one committed", "[outbox]") {
  OutboxFixture f;
  RecordingSink sink;
  REQUIRE_OK(f.Tell("a"));
  {
    Relay relay(*f.pool, "shop", "tenant-svc", {sink.AsSink("s")}, f.database.metrics);
    REQUIRE(sink.WaitUntil([&] { return sink.got.size() == 1; }));
  }
  REQUIRE_OK(f.Tell("b"));
  Relay relay(*f.pool, "shop", "tenant-svc", {sink.AsSink("s")}, f.database.metrics);

  CHECK(sink.WaitUntil([&] { return sink.got.back() == "b"; }));
}

TEST_CASE("a relay that ends leaves the rest of a backlog to the next one", "[outbox]") {
  constexpr size_t kMany = 50;
  OutboxFixture f;
  RecordingSink sink;
  std::promise<void> ending;
  const Deliver deliver = sink.AsSink("s").deliver;
  const Sink slow{"s", [&, ended = ending.get_future().share()](const std::vector<Event>& events) {
                    const absl::Status status = deliver(events);
                    ended.wait();
                    return status;
                  }};
  std::vector<std::string> all;
  Event large;
  large.occurred_at = absl::Now();
  // Two of them are more than a batch.
  large.payload = "{\"text\": \"" + std::string(100 * 1024, 'x') + "\"}";
  while (all.size() < kMany) {
    all.push_back(std::to_string(all.size()));
    large.type = all.back();
    REQUIRE_OK(f.Tell(large));
  }

  {
    Relay relay(*f.pool, "shop", "tenant-svc", {slow}, f.database.metrics);
    REQUIRE(sink.WaitUntil([&] { return sink.batches == 1; }));
    ending.set_value();
  }
  CHECK(sink.got.size() < all.size());

  Relay next(*f.pool, "shop", "tenant-svc", {slow}, f.database.metrics);
  REQUIRE(sink.WaitUntil([&] { return sink.got.size() >= all.size(); }));
  CHECK(sink.got == all);
}

TEST_CASE("what every sink has is deleted some at a time, also while a sink takes its time",
          "[outbox]") {
  constexpr int kMany = 25;
  OutboxFixture f;
  RecordingSink sink;
  for (int i = 0; i < kMany; ++i) REQUIRE_OK(f.Tell(std::to_string(i)));
  {
    Relay relay(*f.pool, "shop", "tenant-svc", {sink.AsSink("s")}, f.database.metrics);
    REQUIRE(sink.WaitUntil([&] { return sink.got.size() == kMany; }));
  }
  REQUIRE_OK(f.Tell("slow"));
  const auto some =
      f.pool->Once(pg::Tenant::Platform(), absl::InfiniteFuture(), StatementsOf("shop").prune, 10);
  REQUIRE_OK(some);
  CHECK(some->affected() == 10);
  std::promise<void> ending;
  const Sink slow{"s", [ended = ending.get_future().share()](const std::vector<Event>&) {
                    ended.wait();
                    return absl::OkStatus();
                  }};

  Relay relay(*f.pool, "shop", "tenant-svc", {slow}, f.database.metrics,
              Pruning{absl::Milliseconds(1), /*most=*/10});

  const auto left = [&] {
    return f.database.Sql("SELECT count(*) AS n FROM shop.outbox").front().Int("n");
  };
  while (left() > 1) std::this_thread::yield();
  ending.set_value();
}

TEST_CASE("what is told of while an older transaction runs shows its age", "[outbox]") {
  OutboxFixture f;
  RecordingSink sink;
  const auto older = pg::Connection::Open(f.database.UrlOf("tenant"));
  REQUIRE_OK(older);
  REQUIRE_OK((*older)->Raw("BEGIN; SELECT pg_current_xact_id()"));
  Event held_back;
  held_back.type = "held back";
  held_back.occurred_at = absl::Now() - absl::Seconds(70'000);
  REQUIRE_OK(f.Tell(held_back));

  Relay relay(*f.pool, "shop", "tenant-svc", {sink.AsSink("s")}, f.database.metrics);

  const auto shown = [&] {
    return f.database.metrics.Text().find("cartwise_outbox_oldest_seconds{sink=\"s\"} 7000") !=
           std::string::npos;
  };
  while (!shown()) std::this_thread::yield();
  CHECK(sink.got.empty());
}

TEST_CASE("replicas that carry to one sink bring it each event once and in order", "[outbox]") {
  OutboxFixture f;
  RecordingSink sink;
  const std::vector<Sink> to = {sink.AsSink("s")};
  std::vector<std::string> all;
  Relay one(*f.pool, "shop", "tenant-svc", to, f.database.metrics);
  Relay two(*f.pool, "shop", "tenant-svc", to, f.database.metrics);
  Relay three(*f.pool, "shop", "tenant-svc", to, f.database.metrics);

  for (int i = 0; i < 500; ++i) {
    all.push_back(std::to_string(i));
    REQUIRE_OK(f.Tell(all.back()));
    for (Relay* relay : {&one, &two, &three}) relay->Wake();
  }

  CHECK(sink.WaitUntil([&] { return sink.got.size() >= all.size(); }));
  CHECK(sink.got == all);
}

TEST_CASE("events go in the order of transaction ids as numbers", "[outbox]") {
  OutboxFixture f;
  RecordingSink sink;
  for (const char* what : {"ninth", "tenth"}) REQUIRE_OK(f.Tell(what));
  f.database.Sql("UPDATE shop.outbox SET xid = '9' WHERE seq = (SELECT min(seq) FROM shop.outbox)");
  f.database.Sql(
      "UPDATE shop.outbox SET xid = '10' WHERE seq = (SELECT max(seq) FROM shop.outbox)");

  Relay relay(*f.pool, "shop", "tenant-svc", {sink.AsSink("s")}, f.database.metrics);

  REQUIRE(sink.WaitUntil([&] { return sink.got.size() == 2; }));
  CHECK(sink.got == std::vector<std::string>{"ninth", "tenth"});
}

TEST_CASE("only the audit log hears who did it, and of nothing else", "[outbox]") {
  OutboxFixture f;
  RecordingSink everything, log;
  Sink audited = log.AsSink("log");
  audited.takes = Takes::kAudited;
  const std::string reason = std::string("he said \"no\"\\\n") + '\0' + "\xff {";
  REQUIRE_OK(f.Tell("noise"));
  REQUIRE_OK(f.Tell("deed", Audit{"user:7", "ADMIN", reason, "10.0.0.1"}));
  REQUIRE_OK(f.Tell("noise"));

  Relay relay(*f.pool, "shop", "tenant-svc", {everything.AsSink("all"), audited},
              f.database.metrics);
  relay.Wake();

  REQUIRE(everything.WaitUntil([&] { return everything.got.size() == 3; }));
  for (const auto& audit : everything.audits) CHECK_FALSE(audit.has_value());
  REQUIRE(log.WaitUntil([&] { return !log.got.empty(); }));
  CHECK(log.got == std::vector<std::string>{"deed"});
  REQUIRE(log.audits.front().has_value());
  CHECK(log.audits.front()->actor == "user:7");
  CHECK(log.audits.front()->role == "ADMIN");
  CHECK(log.audits.front()->reason == "he said \"no\"\\\n\xEF\xBF\xBD {");
  CHECK(log.audits.front()->address == "10.0.0.1");
}

TEST_CASE("the audit log's cursor passes what does not concern it", "[outbox]") {
  OutboxFixture f;
  RecordingSink log;
  Sink audited = log.AsSink("log");
  audited.takes = Takes::kAudited;
  REQUIRE_OK(f.Tell("deed", Audit{"user:7", "", "", ""}));
  for (int i = 0; i < 600; ++i) REQUIRE_OK(f.Tell("noise"));
  REQUIRE_OK(f.Tell("last deed", Audit{"user:7", "", "", ""}));

  {
    Relay relay(*f.pool, "shop", "tenant-svc", {audited}, f.database.metrics);
    relay.Wake();
    REQUIRE(log.WaitUntil([&] { return !log.got.empty() && log.got.back() == "last deed"; }));
  }

  CHECK(f.database
            .Sql("SELECT count(*) AS n FROM shop.outbox o, shop.outbox_cursors c"
                 " WHERE (o.xid, o.seq) > (c.xid, c.seq)")
            .front()
            .Int("n") == 0);
}

TEST_CASE("a transaction that commits late is not skipped", "[outbox]") {
  OutboxFixture f;
  RecordingSink sink;

  // The outer one takes its number first and commits last.
  REQUIRE_OK(f.pool->Transact(pg::Tenant::Of(kLevi), absl::InfiniteFuture(),
                              [&](pg::Transaction& tx) -> absl::Status {
                                Event early;
                                early.id = EventId::New();
                                early.chain = kLevi;
                                early.type = "early";
                                early.occurred_at = absl::Now();
                                REQUIRE_OK(Append(tx, "shop", early));
                                REQUIRE_OK(f.Tell("late"));
                                CHECK(f.Next("s").empty());
                                return absl::OkStatus();
                              }));

  Relay relay(*f.pool, "shop", "tenant-svc", {sink.AsSink("s")}, f.database.metrics);
  CHECK(sink.WaitUntil([&] { return sink.got.size() == 2; }));
  CHECK(sink.got == std::vector<std::string>{"early", "late"});
}

}  // namespace
}  // namespace cartwise::outbox
