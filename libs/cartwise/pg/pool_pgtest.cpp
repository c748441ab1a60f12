#include <atomic>
#include <thread>

#include <absl/time/clock.h>

#include "cartwise/pg/connection.hpp"
#include "cartwise/pg/once.hpp"
#include "cartwise/pg/pool.hpp"
#include "cartwise/testing/database.hpp"
#include "cartwise/testing/status.hpp"

namespace cartwise::pg {
namespace {

const ChainId kLevi("0190aaaa-0000-7000-8000-000000000001");
const ChainId kShufersal("0190aaaa-0000-7000-8000-000000000002");
constexpr absl::Time kNoHurry = absl::InfiniteFuture();

// A schema of our own beside the services', with the same walls.
struct PoolFixture {
  testing::Database database;
  std::unique_ptr<Pool> pool;

  PoolFixture() {
    database.Sql(R"sql(
      CREATE SCHEMA shop;
      CREATE TABLE shop.things (chain_id uuid NOT NULL, name text NOT NULL,
        CONSTRAINT things_key PRIMARY KEY (chain_id, name), CONSTRAINT things_named CHECK (name <> ''));
      CREATE TABLE shop.idempotency_keys (
        chain_id uuid NOT NULL, principal text NOT NULL, method text NOT NULL, key text NOT NULL,
        request_hash text NOT NULL, answer bytea, created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (chain_id, principal, method, key));
      DO $$ DECLARE t text; BEGIN
        FOREACH t IN ARRAY ARRAY['things', 'idempotency_keys'] LOOP
          EXECUTE format('ALTER TABLE shop.%I ENABLE ROW LEVEL SECURITY', t);
          EXECUTE format('ALTER TABLE shop.%I FORCE ROW LEVEL SECURITY', t);
          EXECUTE format($p$CREATE POLICY tenant ON shop.%I USING (
            current_setting('cartwise.chain_id', true) = ANY (ARRAY[chain_id::text, '*']))$p$, t);
        END LOOP; END $$;
      GRANT USAGE ON SCHEMA shop TO cartwise_tenant_app;
      GRANT ALL ON ALL TABLES IN SCHEMA shop TO cartwise_tenant_app)sql");
    pool = database.PoolOf("tenant", 2);
  }

  static constexpr Query kAdd{"shop_add", "INSERT INTO shop.things VALUES ($1, $2)"};
  static constexpr Query kCount{"shop_count", "SELECT count(*) AS n FROM shop.things"};

  absl::Status Add(const ChainId& chain, const std::string& name) {
    return pool->Once(Tenant::Of(chain), kNoHurry, kAdd, chain, name).status();
  }
  int64_t Count(const Tenant& tenant) {
    return pool->Once(tenant, kNoHurry, kCount)->front().Int("n");
  }
};

TEST_CASE("a tenant sees its own rows, nobody sees none, the platform sees all", "[pg]") {
  PoolFixture f;
  REQUIRE_OK(f.Add(kLevi, "a"));
  REQUIRE_OK(f.Add(kShufersal, "b"));
  REQUIRE_OK(f.Add(kShufersal, "c"));

  CHECK(f.Count(Tenant::Of(kLevi)) == 1);
  CHECK(f.Count(Tenant::Of(kShufersal)) == 2);
  CHECK(f.Count(Tenant::Of(ChainId())) == 0);
  CHECK(f.Count(Tenant::Of(ChainId("*"))) == 0);
  CHECK(f.Count(Tenant::Platform()) == 3);
  // The same pooled connections: no setting may leak into the next transaction.
  CHECK(f.Count(Tenant::Of(ChainId())) == 0);
}

TEST_CASE("what is to be done meanwhile is done while the database works", "[pg]") {
  PoolFixture f;
  const auto keeper = Connection::Open(f.database.SuperUrl()).value();
  REQUIRE_OK(keeper->Raw("BEGIN; LOCK TABLE shop.things"));
  int times = 0;
  const auto let_go = [&] {
    ++times;
    f.database.AwaitLockWaits();
    REQUIRE_OK(keeper->Raw("COMMIT"));
  };

  REQUIRE_OK(f.pool->OnceWhile(let_go, Tenant::Of(kLevi), kNoHurry, PoolFixture::kAdd, kLevi, "a"));

  CHECK(times == 1);
  CHECK(f.Count(Tenant::Of(kLevi)) == 1);
}

TEST_CASE("a plan made for an empty table does not read all of it when it has grown", "[pg]") {
  PoolFixture f;
  f.database.Sql("ANALYZE shop.things");
  constexpr Query kFill{"shop_fill",
                        "INSERT INTO shop.things SELECT $1::uuid, n::text FROM "
                        "generate_series(1, 2000) n"};
  constexpr Query kFind{"shop_find",
                        "SELECT name FROM shop.things WHERE chain_id = $1 AND name = $2"};
  constexpr Query kScans{"shop_scans",
                         "SELECT seq_scan, idx_scan FROM pg_stat_xact_user_tables "
                         "WHERE relid = 'shop.things'::regclass"};

  REQUIRE_OK(f.pool->Transact(Tenant::Of(kLevi), kNoHurry, [&](Transaction& tx) {
    for (int i = 0; i < 8; ++i) REQUIRE_OK(tx.Run(kFind, kLevi, "7"));
    REQUIRE_OK(tx.Run(kFill, kLevi));
    CHECK(tx.Run(kFind, kLevi, "7")->size() == 1);
    const auto scans = tx.Run(kScans);
    CHECK(scans->front().Int("seq_scan") == 0);
    CHECK(scans->front().Int("idx_scan") == 9);
    return absl::OkStatus();
  }));
}

TEST_CASE("a statement whose values decide its plan does so for itself alone", "[pg]") {
  PoolFixture f;
  static constexpr char kMode[] = "SELECT current_setting('plan_cache_mode') AS mode";
  constexpr Query kUsual{"shop_plan_once", kMode};
  constexpr Query kSearch{"shop_plan_per_values", kMode, Query::Plan::kPerValues};
  const auto mode = [&](const Query& query) {
    return f.pool->Once(Tenant::Of(kLevi), kNoHurry, query)->front().Text("mode");
  };

  CHECK(mode(kUsual) == "force_generic_plan");
  CHECK(mode(kSearch) == "auto");
  CHECK(mode(kUsual) == "force_generic_plan");
}

TEST_CASE("a single statement that lost a deadlock is run again, twice at most", "[pg]") {
  PoolFixture f;
  f.database.Sql(R"sql(
    CREATE SEQUENCE shop.tries;
    CREATE FUNCTION shop.lose(times bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE
      try bigint := nextval('shop.tries');
    BEGIN
      IF try <= times THEN RAISE EXCEPTION 'lost' USING ERRCODE = 'deadlock_detected'; END IF;
      RETURN try;
    END $$)sql");
  constexpr Query kLose{"shop_lose",
                        "INSERT INTO shop.things SELECT $1::uuid, shop.lose($2::bigint)::text "
                        "RETURNING name"};
  const auto lose = [&](int times) {
    return f.pool->Once(Tenant::Of(kLevi), kNoHurry, kLose, kLevi, times);
  };

  const auto won = lose(2);
  REQUIRE_OK(won);
  CHECK(won->front().Text("name") == "3");
  CHECK(f.Count(Tenant::Of(kLevi)) == 1);
  CHECK(absl::IsAborted(lose(9).status()));
  CHECK(lose(0)->front().Text("name") == "7");
}

TEST_CASE("a statement for each of many has the rows of each, or no effect at all", "[pg]") {
  PoolFixture f;
  static constexpr Query kAddOne{"shop_add_one",
                                 "INSERT INTO shop.things VALUES ($1, $2) RETURNING name"};
  const auto add = [&](const std::vector<std::string>& names) {
    std::vector<std::vector<Param>> each;
    for (const std::string& name : names) each.push_back({kLevi, name});
    return f.pool->OnceEach(Tenant::Of(kLevi), kNoHurry, kAddOne, std::move(each));
  };
  const auto added = add({"a", "b", "c"});
  REQUIRE_OK(added);
  REQUIRE(added->size() == 3);
  for (size_t i = 0; i < 3; ++i)
    CHECK((*added)[i].front().Text("name") == std::string(1, "abc"[i]));

  CHECK(absl::IsAlreadyExists(add({"d", "a", "e"}).status()));
  CHECK(f.Count(Tenant::Of(kLevi)) == 3);
}

TEST_CASE("a row of another tenant cannot be written", "[pg]") {
  PoolFixture f;

  const auto refused =
      f.pool->Once(Tenant::Of(kLevi), kNoHurry, PoolFixture::kAdd, kShufersal, "x");

  CHECK_FALSE(refused.ok());
  CHECK(f.Count(Tenant::Platform()) == 0);
}

TEST_CASE("work that fails leaves nothing, and violations name their constraint", "[pg]") {
  PoolFixture f;
  REQUIRE_OK(f.Add(kLevi, "a"));

  const absl::Status failed =
      f.pool->Transact(Tenant::Of(kLevi), kNoHurry, [&](Transaction& tx) -> absl::Status {
        REQUIRE_OK(tx.Run(PoolFixture::kAdd, kLevi, "b"));
        return tx.Run(PoolFixture::kAdd, kLevi, "a").status();
      });

  CHECK(failed.code() == absl::StatusCode::kAlreadyExists);
  CHECK(ViolatedConstraint(failed) == "things_key");
  CHECK(f.Count(Tenant::Of(kLevi)) == 1);
  CHECK(ViolatedConstraint(f.Add(kLevi, "")) == "things_named");
}

TEST_CASE("work that says nothing of a statement that failed is not done", "[pg]") {
  PoolFixture f;

  const absl::Status told = f.pool->Transact(Tenant::Of(kLevi), kNoHurry, [&](Transaction& tx) {
    REQUIRE_OK(tx.Run(PoolFixture::kAdd, kLevi, "a"));
    tx.Run(PoolFixture::kAdd, kLevi, "a").status().IgnoreError();
    return absl::OkStatus();
  });

  CHECK(absl::IsInternal(told));
  CHECK(f.Count(Tenant::Of(kLevi)) == 0);
}

TEST_CASE("work that throws leaves nothing and costs no connection", "[pg]") {
  PoolFixture f;

  for (int i = 0; i < 3; ++i) {
    const auto throws = [](Transaction& tx) -> absl::Status {
      REQUIRE_OK(tx.Run(PoolFixture::kAdd, kLevi, "a"));
      throw std::runtime_error("thrown");
    };
    CHECK_THROWS(f.pool->Transact(Tenant::Of(kLevi), absl::Now(), throws));
  }

  const auto rows = f.pool->Once(Tenant::Of(kLevi), absl::Now(), PoolFixture::kCount);
  REQUIRE_OK(rows);
  CHECK(rows->front().Int("n") == 0);
}

TEST_CASE("quotes, backslashes and unicode travel as data", "[pg]") {
  PoolFixture f;
  static constexpr Query kEcho{"shop_echo",
                               "SELECT $1::text AS t, $2::text[] AS a, $3::bytea AS b"};
  const std::string nasty = "a'b\\c\"; DROP TABLE x; -- עגלה";

  const auto rows =
      f.pool->Once(Tenant::Platform(), kNoHurry, kEcho, nasty, std::vector<std::string>{nasty, ""},
                   Bytes(std::string("\0'\\", 3)));

  REQUIRE_OK(rows);
  CHECK(rows->front().Text("t") == nasty);
  CHECK(rows->front().Bytes("b") == std::string("\0'\\", 3));
}

TEST_CASE("a text with U+0000 is refused and not cut there", "[pg]") {
  PoolFixture f;

  CHECK(absl::IsInvalidArgument(f.Add(kLevi, std::string("a\0b", 3))));
  REQUIRE_OK(f.Add(kLevi, "a"));
  CHECK(f.Count(Tenant::Of(kLevi)) == 1);
}

TEST_CASE("a statement that cannot be prepared fails alone", "[pg]") {
  PoolFixture f;
  constexpr Query kWrong{"a_wrong", "SELECT no_such_column FROM shop.things"};

  for (int i = 0; i < 2; ++i) {
    CHECK(absl::IsInternal(f.pool->Once(Tenant::Of(kLevi), kNoHurry, kWrong).status()));
    REQUIRE_OK(f.Add(kLevi, std::to_string(i)));
  }
  CHECK(f.Count(Tenant::Of(kLevi)) == 2);
}

TEST_CASE("waiting for a connection ends at the caller's deadline", "[pg]") {
  PoolFixture f;

  const absl::Status outer =
      f.pool->Transact(Tenant::Platform(), kNoHurry, [&](Transaction&) -> absl::Status {
        return f.pool->Transact(Tenant::Platform(), kNoHurry, [&](Transaction&) -> absl::Status {
          return f.pool->Once(Tenant::Platform(), absl::Now(), PoolFixture::kCount).status();
        });
      });

  CHECK_REFUSED(outer, "DATABASE_BUSY");
  CHECK(f.Count(Tenant::Platform()) == 0);
}

TEST_CASE("connections that the server ended are replaced without a failed call", "[pg]") {
  PoolFixture f;
  REQUIRE_OK(f.Add(kLevi, "a"));

  f.database.Sql(
      "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
      "WHERE usename = 'cartwise_tenant_app' AND datname = current_database()");

  CHECK(f.Count(Tenant::Of(kLevi)) == 1);
}

class TestOnce final : public Once {
 public:
  TestOnce(std::string key, std::string hash) : key_(std::move(key)), hash_(std::move(hash)) {}
  const std::string& Key() const override { return key_; }
  const std::string& Method() const override { return method_; }
  const std::string& RequestHash() const override { return hash_; }
  std::string Answer() const override { return "answer"; }
  void Replay(const std::string& answer) override { replayed = answer; }

  std::string replayed;

 private:
  std::string key_, hash_, method_ = "test.Add";
};

absl::Status AddOnce(PoolFixture& f, Once& once, const std::string& name) {
  Caller caller;
  caller.principal = Principal::kStaff;
  caller.chain = kLevi;
  caller.once = &once;
  return f.pool->Transact(Tenant::Of(kLevi), kNoHurry, [&](Transaction& tx) {
    return RunOnce(tx, "shop", caller,
                   [&] { return tx.Run(PoolFixture::kAdd, kLevi, name).status(); });
  });
}

TEST_CASE("a repeated key gets the first answer and the work runs once", "[pg]") {
  PoolFixture f;
  TestOnce first("k1", "h"), again("k1", "h"), other("k1", "H");

  REQUIRE_OK(AddOnce(f, first, "a"));
  REQUIRE_OK(AddOnce(f, again, "b"));

  CHECK(first.replayed.empty());
  CHECK(again.replayed == "answer");
  CHECK(f.Count(Tenant::Of(kLevi)) == 1);
  CHECK_REFUSED(AddOnce(f, other, "c"), "IDEMPOTENCY_KEY_REUSED");
}

TEST_CASE("a failed work frees its key", "[pg]") {
  PoolFixture f;
  TestOnce once("k1", "h");

  CHECK_FALSE(AddOnce(f, once, "").ok());
  REQUIRE_OK(AddOnce(f, once, "a"));
  CHECK(f.Count(Tenant::Of(kLevi)) == 1);
}

TEST_CASE("twenty twins at once have one effect", "[pg]") {
  PoolFixture f;
  f.pool = f.database.PoolOf("tenant", 8);
  std::atomic<int> replays = 0, done = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&, i] {
      TestOnce once("k1", "h");
      if (AddOnce(f, once, "n" + std::to_string(i)).ok()) ++done;
      if (!once.replayed.empty()) ++replays;
    });
  }
  for (auto& thread : threads) thread.join();

  CHECK(done == 20);
  CHECK(replays == 19);
  CHECK(f.Count(Tenant::Of(kLevi)) == 1);
}

TEST_CASE("a service is not ready on a role or table that voids row security", "[pg]") {
  PoolFixture f;
  REQUIRE_OK(f.pool->CheckReady("shop"));

  f.database.Sql("ALTER TABLE shop.things NO FORCE ROW LEVEL SECURITY");
  CHECK(f.pool->CheckReady("shop").message().find("things") != std::string_view::npos);

  Pool super(PoolConfig{f.database.SuperUrl(), 1}, f.database.metrics);
  CHECK(super.CheckReady("shop").message().find("bypass") != std::string_view::npos);
  CHECK_FALSE(f.pool->CheckReady("empty_schema").ok());
}

TEST_CASE("a service that may lose what it acknowledged is ready in development alone", "[pg]") {
  PoolFixture f;
  REQUIRE_OK(f.pool->CheckReady("shop"));
  unsetenv("CARTWISE_DEVELOPMENT");
  const absl::Status elsewhere = f.pool->CheckReady("shop");
  setenv("CARTWISE_DEVELOPMENT", "1", 1);
  CHECK(std::string(elsewhere.message())
            .find("CARTWISE_TEST_ALLOW_FSYNC_OFF: for development "
                  "only") == 0);
}

}  // namespace
}  // namespace cartwise::pg
