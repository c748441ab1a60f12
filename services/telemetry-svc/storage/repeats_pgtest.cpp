// What comes again is stored once, also when its time is told anew, or when it has no id.
#include <atomic>
#include <thread>

#include "storage/fixture_pgtest.hpp"

namespace cartwise::telemetry {
namespace {

struct Repeats : Fixture {
  NewEvent Reported(absl::Duration ago = absl::ZeroDuration()) {
    NewEvent event = Event("lock.closed", ago);
    event.time_may_change = true;
    return event;
  }
  // The same, as another stream of the agent tells when it was.
  static NewEvent Again(NewEvent event, absl::Duration shift) {
    event.occurred_at += shift;
    return event;
  }
  absl::StatusOr<int> Deliver(const std::vector<NewEvent>& events) {
    std::vector<PlacedEvent> placed;
    for (const NewEvent& event : events) placed.push_back({kChain, kHaifa, device, event});
    return store.Add(Caller::Service("device-svc"), placed);
  }
  /// A batch whose ids and times were made here, under the key.
  absl::Status AddUnder(KeyedWrite& write, Caller caller = Of(kChain)) {
    caller.once = &write;
    return store.AddOfDevice(caller, {kChain, kHaifa, device}, {Event(), Event()},
                             [&](int stored) { write.answer = std::to_string(stored); });
  }
};

TEST_CASE("a report that comes again with another time is stored once", "[telemetry][pg]") {
  Repeats f;
  const absl::Duration shift =
      GENERATE(absl::Microseconds(1), absl::Milliseconds(-40), absl::Hours(-30));
  const NewEvent report = f.Reported(absl::Hours(1)), news = f.Reported();

  CHECK(*f.Deliver({report}) == 1);
  CHECK(*f.Deliver({Repeats::Again(report, shift), news}) == 1);
  CHECK(*f.Deliver({Repeats::Again(report, 2 * shift), Repeats::Again(news, shift)}) == 0);

  const auto stored = f.List(f.OfDevice());
  REQUIRE(stored.size() == 2);
  CHECK(stored[1].placed.event.occurred_at == report.occurred_at);
}

TEST_CASE("a device's event without a time of its own is stored once", "[telemetry][pg]") {
  Repeats f;
  const NewEvent untimed = f.Reported(), timed = f.Event();

  CHECK(*f.AddOfDevice({untimed, timed}) == 2);
  CHECK(*f.AddOfDevice({Repeats::Again(untimed, absl::Seconds(9)), timed, f.Reported()}) == 1);
  CHECK(f.List(f.OfDevice()).size() == 3);
}

TEST_CASE("a report over two streams at once is stored once", "[telemetry][pg]") {
  Repeats f;
  const std::vector<NewEvent> reports = {f.Reported(), f.Reported(), f.Reported()};
  std::atomic<int> stored = 0;
  std::vector<std::thread> streams;
  for (int i = 0; i < 4; ++i) {
    streams.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) {
        std::vector<NewEvent> batch;
        for (const NewEvent& each : reports) {
          batch.push_back(Repeats::Again(each, absl::Microseconds(i * 20 + round)));
        }
        stored += f.Deliver(batch).value_or(1000);
      }
    });
  }
  for (std::thread& stream : streams) stream.join();

  CHECK(stored == 3);
  CHECK(f.List(f.OfDevice()).size() == 3);
}

TEST_CASE("no device can take an id from another", "[telemetry][pg]") {
  Repeats f;
  const NewEvent report = f.Reported();

  CHECK(*f.AddAs(Of(kChain), {kChain, kHaifa, DeviceId::New()}, {report}) == 1);
  CHECK(*f.AddAs(Of(kOther), {kOther, kHaifa, f.device}, {report}) == 1);
  CHECK(*f.AddOfDevice({Repeats::Again(report, absl::Seconds(1))}) == 1);
}

TEST_CASE("what was refused was not there before", "[telemetry][pg]") {
  Repeats f;
  const NewEvent report = f.Reported();
  const Caller device = DeviceOf(f.device, f.now);
  const Origin origin{kChain, BranchId(), f.device};

  f.Tell({f.Told("device.quarantined", "QUARANTINED", absl::Seconds(8))});
  CHECK_REFUSED(f.AddAs(device, origin, {report}), "DEVICE_QUARANTINED");
  f.Tell({f.Told("device.updated", "ACTIVE", absl::Seconds(7))});
  CHECK(*f.AddAs(device, origin, {report}) == 1);
}

TEST_CASE("a batch under an Idempotency-Key is stored once and answered the same",
          "[telemetry][pg]") {
  Repeats f;
  KeyedWrite first, again, other_key;
  other_key.key = "l";

  REQUIRE_OK(f.AddUnder(first));
  REQUIRE_OK(f.AddUnder(again));
  CHECK(first.answer == "2");
  CHECK(again.answer == "2");
  CHECK(f.List(f.OfDevice()).size() == 2);

  REQUIRE_OK(f.AddUnder(other_key));
  CHECK(f.List(f.OfDevice()).size() == 4);
}

TEST_CASE("an Idempotency-Key stands for one batch of one device", "[telemetry][pg]") {
  Repeats f;
  KeyedWrite first, other_body("b"), other_device;
  REQUIRE_OK(f.AddUnder(first, DeviceOf(f.device, f.now)));

  CHECK_REFUSED(f.AddUnder(other_body, DeviceOf(f.device, f.now)), "IDEMPOTENCY_KEY_REUSED");
  CHECK(f.List(f.OfDevice()).size() == 2);
  REQUIRE_OK(f.AddUnder(other_device, DeviceOf(DeviceId::New(), f.now)));
  CHECK(f.List(f.OfDevice()).size() == 4);
}

TEST_CASE("a refusal leaves the Idempotency-Key free", "[telemetry][pg]") {
  Repeats f;
  const Caller device = DeviceOf(f.device, f.now);
  KeyedWrite refused, again;

  f.Tell({f.Told("device.quarantined", "QUARANTINED", absl::Seconds(8))});
  CHECK_REFUSED(f.AddUnder(refused, device), "DEVICE_QUARANTINED");
  f.Tell({f.Told("device.updated", "ACTIVE", absl::Seconds(7))});
  REQUIRE_OK(f.AddUnder(again, device));
  CHECK(again.answer == "2");
}

TEST_CASE("ids are kept as long as the record, keys for a day", "[telemetry][pg]") {
  Repeats f;
  KeyedWrite write;
  REQUIRE_OK(f.Deliver({f.Reported()}));
  REQUIRE_OK(f.AddUnder(write));
  const auto left_after = [&](const std::string& ids_age, const std::string& keys_age) {
    f.database.Sql("UPDATE telemetry.seen_events SET seen_at = now() - interval '" + ids_age + "'");
    f.database.Sql("UPDATE telemetry.idempotency_keys SET created_at = now() - interval '" +
                   keys_age + "'");
    REQUIRE_OK(f.store.TurnDays(30));
    return std::to_string(f.Count("SELECT count(*) FROM telemetry.seen_events")) + " ids, " +
           std::to_string(f.Count("SELECT count(*) FROM telemetry.idempotency_keys")) + " keys";
  };

  CHECK(left_after("30 days 23 hours", "23 hours") == "1 ids, 1 keys");
  CHECK(left_after("30 days 25 hours", "25 hours") == "0 ids, 0 keys");
}

TEST_CASE("more old ids than a turn forgets are told of", "[telemetry][pg]") {
  Repeats f;
  PgEventStore store(*f.pool, /*most_forgotten=*/2);
  REQUIRE_OK(f.Deliver({f.Reported(), f.Reported(), f.Reported()}));
  f.database.Sql("UPDATE telemetry.seen_events SET seen_at = now() - interval '40 days'");

  CHECK(*store.TurnDays(30));
  CHECK_FALSE(*store.TurnDays(30));
  CHECK(f.Count("SELECT count(*) FROM telemetry.seen_events") == 0);
}

}  // namespace
}  // namespace cartwise::telemetry
