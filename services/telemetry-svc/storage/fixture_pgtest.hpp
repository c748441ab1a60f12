#pragma once

#include <absl/time/clock.h>
#include <catch2/catch.hpp>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/testing/database.hpp"
#include "cartwise/testing/plans.hpp"
#include "cartwise/testing/status.hpp"
#include "storage/pg_event_store.hpp"

namespace cartwise::telemetry {

inline const ChainId kChain("01890000-0000-7000-8000-00000000000a");
inline const ChainId kOther("01890000-0000-7000-8000-00000000000b");
inline const BranchId kHaifa("01890000-0000-7000-8000-000000000001");
inline const BranchId kJaffa("01890000-0000-7000-8000-000000000002");

inline Caller Of(const ChainId& chain) {
  Caller caller;
  caller.principal = Principal::kStaff;
  caller.chain = chain;
  caller.grants = {{Role::kViewer, {}}};
  caller.deadline = absl::Now() + absl::Seconds(30);
  return caller;
}

inline Caller DeviceOf(const DeviceId& device, absl::Time token_issued_at) {
  Caller caller = Of(kChain);
  caller.principal = Principal::kDevice;
  caller.subject = device.value();
  caller.grants.clear();
  caller.issued_at = token_issued_at;
  return caller;
}

inline Caller Platform() {
  Caller caller = Of(ChainId());
  caller.grants = {{Role::kPlatformAdmin, {}}};
  return caller;
}

/// A write under an Idempotency-Key, whose answer is how many events were new.
struct KeyedWrite final : Once {
  explicit KeyedWrite(std::string of_body = "a") : body(std::move(of_body)) {}

  const std::string& Key() const override { return key; }
  const std::string& Method() const override { return method; }
  const std::string& RequestHash() const override { return body; }
  std::string Answer() const override { return answer; }
  void Replay(const std::string& stored) override { answer = stored; }

  std::string key = "k", method = "Ingest", body, answer;
};

/// The store on a database of its own, and one device that events are of.
struct Fixture {
  testing::Database database;
  std::unique_ptr<pg::Pool> pool = database.PoolBesideStranger("telemetry");
  PgEventStore store{*pool};
  absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(absl::Now()));
  DeviceId device = DeviceId::New();

  ~Fixture() { testing::CheckPlans(*pool, "telemetry", {}); }

  NewEvent Event(std::string type = "agent.health", absl::Duration ago = absl::ZeroDuration()) {
    return {EventId::New(), std::move(type), R"({"cpu": 41.5, "text": "a\"b\\c, {d} שלום"})",
            now - ago};
  }
  absl::StatusOr<int> AddAs(const Caller& caller, const Origin& origin,
                            const std::vector<NewEvent>& events) {
    int new_ones = -1;
    CW_RETURN_IF_ERROR(
        store.AddOfDevice(caller, origin, events, [&](int stored) { new_ones = stored; }));
    return new_ones;
  }
  absl::StatusOr<int> AddOfDevice(const std::vector<NewEvent>& events,
                                  const BranchId& branch = kHaifa, const ChainId& chain = kChain) {
    return AddAs(Of(chain), {chain, branch, device}, events);
  }
  PlacedEvent Told(std::string type, std::string lifecycle,
                   absl::Duration ago = absl::ZeroDuration()) {
    using Token = Standing::Token;
    const Token token = type == "device.token_rotated"  ? Token::kReplaced
                        : type == "device.token_voided" ? Token::kVoided
                                                        : Token::kKept;
    return {kChain, kHaifa, device, Event(std::move(type), ago),
            Standing{std::move(lifecycle), token}};
  }
  void Tell(std::vector<PlacedEvent> events) {
    REQUIRE_OK(store.Add(Caller::Service("device-svc"), events));
  }
  /// What the device itself is answered, the same to its uploads and its lists.
  std::string Refused(absl::Duration token_age = absl::ZeroDuration()) {
    const Caller caller = DeviceOf(device, now - token_age);
    const auto added = AddAs(caller, {kChain, BranchId(), device}, {Event()});
    const auto listed = store.List(caller, OfDevice());
    CHECK(testing::ReasonOf(added) == testing::ReasonOf(listed));
    CHECK(added.ok() == listed.ok());
    return testing::ReasonOf(added);
  }
  Query OfDevice(const ChainId& chain = kChain) const {
    Query query;
    query.chain = chain;
    query.device = device;
    return query;
  }
  Query OfBranch(const BranchId& branch) const {
    Query query = OfDevice();
    query.device.reset();
    query.branch = branch;
    return query;
  }
  Query OfChain(const ChainId& chain) const {
    Query query = OfDevice(chain);
    query.device.reset();
    return query;
  }
  std::vector<Record> List(const Query& query, const Caller& caller) {
    auto records = store.List(caller, query);
    REQUIRE_OK(records);
    return *std::move(records);
  }
  std::vector<Record> List(const Query& query) { return List(query, Of(kChain)); }
  int64_t Count(const std::string& sql) { return database.Sql(sql).front().Int("count"); }
};

}  // namespace cartwise::telemetry
