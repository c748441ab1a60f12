#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <random>

#include "cartwise/testing/status.hpp"
#include "core/diary.hpp"
#include "core/folder_fake.hpp"
#include "linux/atomic_file.hpp"
#include "linux/identity.hpp"
#include "linux/sqlite_event_store.hpp"
#include "linux/sqlite_order_store.hpp"
#include "linux/sqlite_upload_store.hpp"
#include "linux/value_json.hpp"

namespace cartwise::edge {
namespace {

AgentEvent EventOf(int64_t seq) {
  return {.id = EventId::New(),
          .seq = seq,
          .type = "lock.closed",
          .subject = "controller",
          .payload = Value::Object{{"lock", 3}, {"note", std::string(200, 'x')}},
          .occurred_at = absl::FromUnixMicros(1'780'000'000'123'456),
          .boot_clock = absl::Milliseconds(77),
          .agent_epoch = "epoch"};
}

void Fill(SqliteEventStore& store, int64_t from, int64_t to) {
  for (int64_t seq = from; seq <= to; ++seq) {
    REQUIRE_OK(store.Append({{.event = EventOf(seq), .marks = {{ControllerId("c"), 3, 2, 1}}}}));
  }
}

std::string Bytes(const std::string& path) {
  const auto bytes = ReadWholeFile(path);
  return bytes.ok() ? *bytes : "";
}

void Put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// Spoils a database under the feet of whoever has it open.
void Damage(const std::string& path) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  CHECK(sqlite3_exec(db,
                     "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'CREATE';"
                     "PRAGMA schema_version = 99",
                     nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}

/// The files of a journal with twenty events, as a power cut leaves them.
struct Journal {
  TestFolder folder;
  std::string db, wal;

  Journal() {
    {
      SqliteEventStore store(folder.path());
      Fill(store, 1, 20);
      db = Bytes(folder / "events.db");
      wal = Bytes(folder / "events.db-wal");
    }
    REQUIRE(db.size() + wal.size() > 8192);
  }
  void Restore(const std::string& with_db, const std::string& with_wal) {
    for (const char* name : {"events.db-shm", "events.db.damaged", "events.db.damaged-wal"}) {
      std::filesystem::remove(folder / name);
    }
    Put(folder / "events.db", with_db);
    Put(folder / "events.db-wal", with_wal);
  }
  /// Starts, and takes new events.
  void CheckAlive() {
    SqliteEventStore store(folder.path());
    absl::Status taken = store.Append({{.event = EventOf(store.HighestSeq() + 1), .marks = {}}});
    if (absl::IsDataLoss(taken)) {
      REQUIRE_OK(store.StartAnew());
      taken = store.Append({{.event = EventOf(store.HighestSeq() + 1), .marks = {}}});
    }
    REQUIRE_OK(taken);
    REQUIRE_OK(store.After(0, 100));
  }
};

TEST_CASE("the journal survives a restart as it was", "[stores]") {
  TestFolder folder;
  {
    SqliteEventStore store(folder.path());
    Fill(store, 1, 3);
    REQUIRE_OK(store.Forget(1));
  }

  SqliteEventStore store(folder.path());

  CHECK(store.TakeLoss().empty());
  CHECK(store.HighestSeq() == 3);
  const auto events = store.After(0, 10);
  REQUIRE_OK(events);
  REQUIRE(events->size() == 2);
  const AgentEvent& event = events->front();
  CHECK(event.seq == 2);
  CHECK(event.type == "lock.closed");
  CHECK(event.subject == "controller");
  CHECK(event.payload.Whole("lock") == 3);
  CHECK(event.occurred_at == absl::FromUnixMicros(1'780'000'000'123'456));
  CHECK(event.boot_clock == absl::Milliseconds(77));
  CHECK(event.agent_epoch == "epoch");
  const auto marks = store.Marks();
  REQUIRE_OK(marks);
  REQUIRE(marks->size() == 1);
  CHECK(marks->front().state == 2);
}

TEST_CASE("a committed and emptied journal goes on counting", "[stores]") {
  TestFolder folder;
  {
    SqliteEventStore store(folder.path());
    Fill(store, 1, 3);
    REQUIRE_OK(store.Forget(3));
  }

  CHECK(SqliteEventStore(folder.path()).HighestSeq() == 3);
}

TEST_CASE("a journal cut at any place starts and takes events", "[stores]") {
  Journal journal;
  for (size_t cut = 0; cut < journal.db.size(); cut += 211) {
    CAPTURE(cut);
    journal.Restore(journal.db.substr(0, cut), journal.wal);
    journal.CheckAlive();
  }
  for (size_t cut = 0; cut < journal.wal.size(); cut += 1009) {
    CAPTURE(cut);
    journal.Restore(journal.db, journal.wal.substr(0, cut));
    journal.CheckAlive();
  }
}

TEST_CASE("a journal with flipped bits starts and takes events", "[stores]") {
  Journal journal;
  std::mt19937 random(7);
  for (int round = 0; round < 100; ++round) {
    CAPTURE(round);
    std::string db = journal.db, wal = journal.wal;
    for (int flip = 0; flip < 4; ++flip) {
      std::string& file = random() % 2 == 0 && !db.empty() ? db : wal;
      if (!file.empty()) file[random() % file.size()] ^= static_cast<char>(1 << random() % 8);
    }
    journal.Restore(db, wal);
    journal.CheckAlive();
  }
}

TEST_CASE("sequence numbers rise although the journal is lost", "[stores]") {
  TestFolder folder;
  {
    SqliteEventStore store(folder.path());
    Fill(store, 1, 5);
  }
  Put(folder / "events.db", "this is no database");
  std::filesystem::remove(folder / "events.db-wal");

  SqliteEventStore store(folder.path());

  CHECK_FALSE(store.TakeLoss().empty());
  CHECK(store.HighestSeq() >= 5);
  CHECK(std::filesystem::exists(folder / "events.db.damaged"));
}

TEST_CASE("a full disk is an error that passes", "[stores]") {
  TestFolder folder;
  SqliteEventStore store(folder.path());
  Fill(store, 1, 1);
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 64 * 1024;
  setrlimit(RLIMIT_FSIZE, &small);

  absl::Status status;
  int64_t seq = 1;
  while (status.ok() && seq < 5000) {
    status = store.Append({{.event = EventOf(++seq), .marks = {}}});
  }
  setrlimit(RLIMIT_FSIZE, &before);

  CHECK_FALSE(status.ok());
  CHECK_FALSE(absl::IsDataLoss(status));
  REQUIRE_OK(store.Append({{.event = EventOf(seq), .marks = {}}}));
  const auto events = store.After(0, 10'000);
  REQUIRE_OK(events);
  CHECK(static_cast<int64_t>(events->size()) == seq);
}

TEST_CASE("orders come back in the phase they were in", "[stores]") {
  TestFolder folder;
  {
    SqliteOrderStore store(folder.path());
    for (const char* id : {"a", "b", "c", "d"}) {
      REQUIRE_OK(store.SaveIntent(
          {.id = CommandId(id), .kind = "lock.unlock", .arguments = Value::Object{{"lock", 4}}}));
    }
    for (const char* id : {"b", "c", "d"}) {
      REQUIRE_OK(store.SaveResult({.id = CommandId(id),
                                   .outcome = Outcome::kFailed,
                                   .reason = reasons::kStillClosed,
                                   .seen = Value::Object{{"pulses", 2}},
                                   .pulsed_at_ms = 99}));
    }
    REQUIRE_OK(store.Settle(CommandId("c")));
    REQUIRE_OK(store.Settle(CommandId("d")));
    REQUIRE_OK(store.Forget(CommandId("d")));
  }

  SqliteOrderStore store(folder.path());
  const auto kept = store.Load();

  REQUIRE_OK(kept);
  REQUIRE(kept->intents.size() == 1);
  CHECK(kept->intents[0].id.value() == "a");
  CHECK(kept->intents[0].arguments.Whole("lock") == 4);
  REQUIRE(kept->results.size() == 1);
  CHECK(kept->results[0].id.value() == "b");
  CHECK(kept->results[0].outcome == Outcome::kFailed);
  CHECK(kept->results[0].reason == "STILL_CLOSED");
  CHECK(kept->results[0].seen.Whole("pulses") == 2);
  CHECK(kept->results[0].pulsed_at_ms == 99);
  REQUIRE(kept->settled.size() == 1);
  CHECK(kept->settled[0].value() == "c");
  REQUIRE(kept->acted.size() == 2);
  for (const OrderStore::Acted& acted : kept->acted) {
    CHECK(acted.order.kind == "lock.unlock");
    CHECK(acted.order.arguments.Whole("lock") == 4);
    CHECK(acted.at == absl::Milliseconds(99));
  }
  CHECK(kept->acted[0].order.id.value() == "b");
}

TEST_CASE("a damaged order book begins anew, and says so once", "[stores]") {
  TestFolder folder;
  const bool while_open = GENERATE(false, true);
  if (!while_open) Put(folder / "orders.db", std::string(5000, 'x'));
  SqliteOrderStore store(folder.path());
  if (while_open) {
    REQUIRE_OK(store.SaveIntent({.id = CommandId("lost")}));
    CHECK(store.TakeLoss().empty());
    Damage(folder / "orders.db");
  }

  REQUIRE_OK(store.SaveIntent({.id = CommandId("a")}));

  CHECK_FALSE(store.TakeLoss().empty());
  CHECK(store.TakeLoss().empty());
  const auto kept = store.Load();
  REQUIRE_OK(kept);
  CHECK(kept->intents.size() == 1);
}

TEST_CASE("the order book's log is tidied beside a writer", "[stores]") {
  TestFolder folder;
  SqliteOrderStore store(folder.path());
  for (int i = 0; i < 300; ++i) {
    REQUIRE_OK(store.SaveResult({.id = CommandId("id" + std::to_string(i))}));
  }
  const auto grown = std::filesystem::file_size(folder / "orders.db-wal");
  REQUIRE(grown > 1 << 20);

  REQUIRE_OK(store.Checkpoint());
  for (int i = 0; i < 50; ++i) {
    REQUIRE_OK(store.SaveResult({.id = CommandId("more" + std::to_string(i))}));
  }

  CHECK(std::filesystem::file_size(folder / "orders.db-wal") <= grown);
  CHECK(store.Load()->results.size() == 350);
}

TEST_CASE("telemetry waits in order over a restart", "[stores]") {
  TestFolder folder;
  {
    SqliteUploadStore store(folder.path());
    for (int i = 0; i < 3; ++i) {
      REQUIRE_OK(store.Append({.id = EventId::New(),
                               .type = "t",
                               .data = Value::Object{{"i", i}},
                               .occurred_at = absl::FromUnixSeconds(i)}));
    }
    REQUIRE_OK(store.ForgetOldest());
  }

  SqliteUploadStore store(folder.path());

  CHECK(store.Count() == 2);
  const auto rows = store.Oldest(0, 10);
  REQUIRE_OK(rows);
  REQUIRE(rows->size() == 2);
  CHECK(rows->front().measurement.data.Whole("i") == 1);
  CHECK(store.Oldest(rows->front().number, 10)->size() == 1);
  REQUIRE_OK(store.Forget(rows->back().number));
  CHECK(store.Count() == 0);
}

TEST_CASE("telemetry that is damaged is replaced, and no number is given out twice", "[stores]") {
  TestFolder folder;
  SqliteUploadStore store(folder.path());
  for (int i = 0; i < 3; ++i) REQUIRE_OK(store.Append({.id = EventId::New(), .type = "t"}));
  const auto before = store.Oldest(0, 10);
  REQUIRE_OK(before);
  REQUIRE(before->size() == 3);
  CHECK(store.TakeLoss().empty());
  Damage(folder / "uploads.db");

  SECTION("found by reading") {
    REQUIRE_OK(store.Oldest(0, 10));
  }
  SECTION("found by forgetting") {
    REQUIRE_OK(store.Forget(1));
  }
  SECTION("found by writing") {}
  REQUIRE_OK(store.Append({.id = EventId::New(), .type = "t"}));

  CHECK_FALSE(store.TakeLoss().empty());
  CHECK(store.Count() == 1);
  const auto after = store.Oldest(0, 10);
  REQUIRE_OK(after);
  REQUIRE(after->size() == 1);
  CHECK(after->front().number > before->back().number);
}

TEST_CASE("the identity is readable by its owner alone and comes back whole", "[stores]") {
  TestFolder folder;
  const StateFiles files(folder.path());
  CHECK_FALSE(files.LoadIdentity()->has_value());
  const Identity identity{.device = DeviceId("d"),
                          .chain = ChainId("c"),
                          .branch = BranchId("b"),
                          .device_token = "token",
                          .order_keys = {{"device-2026a", "PEM\nlines\n"}}};

  REQUIRE_OK(files.SaveIdentity(identity));

  struct stat about {};
  REQUIRE(stat((folder / "identity.json").c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  const auto loaded = files.LoadIdentity();
  REQUIRE_OK(loaded);
  REQUIRE(loaded->has_value());
  CHECK((*loaded)->device_token == "token");
  CHECK((*loaded)->order_keys == identity.order_keys);
}

TEST_CASE("a damaged identity is an error, not a reason to enroll", "[stores]") {
  TestFolder folder;
  Put(folder / "identity.json", "{\"format\":1,\"device_id\":\"d\"");

  CHECK_FALSE(StateFiles(folder.path()).LoadIdentity().ok());
}

TEST_CASE("an identity that is there and cannot be read is no reason to enroll either",
          "[stores]") {
  TestFolder folder;
  SECTION("it cannot be opened") {
    std::filesystem::create_symlink("identity.json", folder / "identity.json");
  }
  SECTION("it can be opened, no more") {
    std::filesystem::create_directory(folder / "identity.json");
  }

  const auto identity = StateFiles(folder.path()).LoadIdentity();

  REQUIRE_FALSE(identity.ok());
  CHECK_FALSE(absl::IsNotFound(identity.status()));
  CHECK_FALSE(absl::IsInvalidArgument(identity.status()));
}

TEST_CASE("boards come back as they were configured", "[stores]") {
  TestFolder folder;
  const StateFiles files(folder.path());
  CHECK(files.LoadBoards().empty());
  const std::vector<BoardConfig> boards = {
      {.id = ControllerId("a"), .address = 3, .port = "/dev/x", .has_ir = true, .pulse_ms = 800},
      {.id = ControllerId("b"), .address = 4, .port = "/dev/y", .invert_hook = true}};

  REQUIRE_OK(files.SaveBoards(boards));

  CHECK(files.LoadBoards() == boards);
}

TEST_CASE("half of a token's life is read from the token itself", "[stores]") {
  // {"iat":1000,"exp":3000}
  CHECK(HalfLife("x.eyJpYXQiOjEwMDAsImV4cCI6MzAwMH0.y") == absl::FromUnixSeconds(2000));
  CHECK_FALSE(HalfLife("no token").has_value());
  CHECK_FALSE(HalfLife("a.b.c").has_value());
}

TEST_CASE("values go through JSON unchanged", "[stores]") {
  const Value value =
      Value::Object{{"whole", 65535}, {"part", 1.5},        {"text", "a\"b\xC3\xA9"},
                    {"flag", true},   {"nothing", Value()}, {"list", Value::List{1, "two"}}};

  const auto back = FromJson(ToJson(value));

  REQUIRE_OK(back);
  CHECK(*back == value);
  CHECK(ToJson(Value::Object{{"n", 3}}) == "{\"n\":3}");
  CHECK_FALSE(FromJson("{").ok());
}

}  // namespace
}  // namespace cartwise::edge
