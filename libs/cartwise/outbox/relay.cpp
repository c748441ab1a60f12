#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <absl/time/clock.h>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/outbox/outbox.hpp"
#include "cartwise/outbox/statements.hpp"

namespace cartwise::outbox {
namespace {

constexpr int kBatch = 500;
// Of JSON, which takes up to four times as many bytes in a message, and a service
// refuses one of more than 1 MiB.
constexpr size_t kBatchBytes = 128 * 1024;
// Wake() makes delivery prompt; this finds what a crashed process left behind.
constexpr auto kPoll = std::chrono::milliseconds(500);
// Events that committed behind a transaction still running are looked for again
// so soon at first.
constexpr auto kLookAgain = std::chrono::milliseconds(4);

Event ReadEvent(const pg::Row& row, const std::string& source, Takes takes) {
  Event event;
  event.id = row.As<EventId>("event_id");
  event.chain = row.As<ChainId>("chain_id");
  event.branch = row.As<BranchId>("branch_id");
  event.device = row.As<DeviceId>("device_id");
  event.source = source;
  event.type = row.Text("type");
  event.subject = row.Text("subject");
  event.occurred_at = row.Time("occurred_at");
  event.sequence = row.Int("seq");
  event.trace_id = row.Text("trace_id");
  if (takes == Takes::kAudited) {
    event.audit = Audit{row.Text("audit_actor"), row.Text("audit_role"), row.Text("audit_reason"),
                        row.Text("audit_address")};
  } else {
    event.payload = row.Text("payload");
  }
  return event;
}

struct Batch {
  std::vector<Event> events;
  int rows = 0;  ///< that it covers, from the first; at least one
};

Batch ReadBatch(const pg::Rows& rows, const std::string& source, Takes takes) {
  Batch batch;
  size_t bytes = 0;
  for (const pg::Row row : rows) {
    if (takes != Takes::kAudited || !row.IsNull("audit_actor")) {
      Event event = ReadEvent(row, source, takes);
      bytes += SizeOf(event);
      if (bytes > kBatchBytes && !batch.events.empty()) break;
      batch.events.push_back(std::move(event));
    }
    ++batch.rows;
  }
  return batch;
}

}  // namespace

struct Relay::State {
  pg::Pool& pool;
  std::string schema;
  std::string source;
  std::vector<Sink> sinks;
  obs::Metrics& metrics;
  const Pruning pruning;
  std::mutex mutex;
  std::condition_variable woken, stopped;
  int idle = 0;  ///< threads that wait for news
  uint64_t wakes = 0;
  bool stopping = false;
  std::vector<std::thread> threads;

  State(pg::Pool& p, std::string sch, std::string src, std::vector<Sink> s, obs::Metrics& m,
        const Pruning& pr)
      : pool(p),
        schema(std::move(sch)),
        source(std::move(src)),
        sinks(std::move(s)),
        metrics(m),
        pruning(pr) {}

  struct Carried {
    int rows = 0;
    bool more = false;       ///< others can go at once
    bool held_back = false;  ///< there are some that cannot go yet
  };

  void Carry(const Sink& sink);
  absl::StatusOr<Carried> CarryBatch(const Sink& sink);
  void Prune();
  bool PruneSome();
  bool Wait(uint64_t& seen, std::chrono::milliseconds most, absl::Duration gather);
  bool Stopping();
};

// One batch to one sink. The cursor stays locked meanwhile, so another replica
// does not carry the same batch.
absl::StatusOr<Relay::State::Carried> Relay::State::CarryBatch(const Sink& sink) {
  const Statements& sql = StatementsOf(schema);
  Carried carried;
  CW_RETURN_IF_ERROR(pool.Transact(
      pg::Tenant::Platform(), absl::Now() + absl::Seconds(10),
      [&](pg::Transaction& tx) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const pg::Rows cursor, tx.Run(sql.lock_cursor, sink.name));
        const auto oldest = cursor.empty() ? std::nullopt : cursor.front().OptTime("oldest");
        // Before the delivery: a sink that refuses is what the figure is for.
        metrics.Gauge("cartwise_outbox_oldest_seconds", {{"sink", sink.name}},
                      oldest ? absl::ToDoubleSeconds(absl::Now() - *oldest) : 0);
        if (!oldest) return absl::OkStatus();
        const pg::Query& next = sink.takes == Takes::kAudited ? sql.next_audited : sql.next;
        CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx.Run(next, sink.name, kBatch));
        carried.held_back = rows.empty();
        if (rows.empty()) return absl::OkStatus();
        const Batch batch = ReadBatch(rows, source, sink.takes);
        if (!batch.events.empty()) CW_RETURN_IF_ERROR(sink.deliver(batch.events));
        const pg::Row last = rows[batch.rows - 1];
        carried.rows = batch.rows;
        carried.more = batch.rows < rows.size() || rows.size() == kBatch;
        return tx.Run(sql.advance, sink.name, last.Text("xid"), last.Int("seq")).status();
      }));
  return carried;
}

// In a thread of its own: a sink that is slow or has much to catch up with keeps nothing.
void Relay::State::Prune() {
  const auto pause = absl::ToChronoMilliseconds(pruning.every);
  std::unique_lock lock(mutex);
  while (!stopped.wait_for(lock, pause, [&] { return stopping; })) {
    lock.unlock();
    while (!Stopping() && PruneSome()) continue;
    lock.lock();
  }
}

// False when that was all.
bool Relay::State::PruneSome() {
  const auto pruned = pool.Once(pg::Tenant::Platform(), absl::Now() + absl::Seconds(10),
                                StatementsOf(schema).prune, pruning.most);
  if (!pruned.ok()) obs::Warning("outbox not pruned", {{"error", pruned.status().ToString()}});
  return pruned.ok() && pruned->affected() == pruning.most;
}

// False when the relay ends.
bool Relay::State::Wait(uint64_t& seen, std::chrono::milliseconds most, absl::Duration gather) {
  std::unique_lock lock(mutex);
  ++idle;
  const bool news = woken.wait_for(lock, most, [&] { return stopping || wakes != seen; });
  --idle;
  if (news) stopped.wait_for(lock, absl::ToChronoMilliseconds(gather), [&] { return stopping; });
  seen = wakes;
  return !stopping;
}

bool Relay::State::Stopping() {
  std::lock_guard lock(mutex);
  return stopping;
}

void Relay::State::Carry(const Sink& sink) {
  uint64_t seen = 0;
  auto backoff = kPoll;
  auto look_again = kLookAgain;
  bool introduced = false;
  while (Wait(seen, backoff, sink.gather)) {
    backoff = kPoll;
    if (!introduced) {
      introduced = pool.Once(pg::Tenant::Platform(), absl::Now() + absl::Seconds(10),
                             StatementsOf(schema).introduce, sink.name)
                       .ok();
    }
    absl::StatusOr<Carried> carried = CarryBatch(sink);
    while (carried.ok() && carried->more && !Stopping()) carried = CarryBatch(sink);
    if (carried.ok() && carried->held_back) {
      backoff = std::min(look_again, kPoll);
      look_again *= 2;
    } else {
      look_again = kLookAgain;
      // Others may have been held back behind these, and nobody wakes for them.
      if (carried.ok() && carried->rows > 0) backoff = kLookAgain;
    }
    if (!carried.ok()) {
      obs::Warning("events wait for a sink",
                   {{"sink", sink.name}, {"error", carried.status().ToString()}});
      backoff = kPoll * 4;
    }
  }
}

Relay::Relay(pg::Pool& pool, std::string schema, std::string source, std::vector<Sink> sinks,
             obs::Metrics& metrics, const Pruning& pruning)
    : state_(std::make_unique<State>(pool, std::move(schema), std::move(source), std::move(sinks),
                                     metrics, pruning)) {
  for (const Sink& sink : state_->sinks) {
    state_->threads.emplace_back([this, &sink] { state_->Carry(sink); });
  }
  state_->threads.emplace_back([this] { state_->Prune(); });
}

Relay::~Relay() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->woken.notify_all();
  state_->stopped.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

// Every write calls this: who carries or gathers already is not disturbed.
void Relay::Wake() {
  bool awaited = false;
  {
    std::lock_guard lock(state_->mutex);
    ++state_->wakes;
    awaited = state_->idle > 0;
  }
  if (awaited) state_->woken.notify_all();
}

}  // namespace cartwise::outbox
