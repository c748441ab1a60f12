#include "domain/ingest.hpp"

#include <catch2/catch.hpp>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/testing/clock_fake.hpp"
#include "cartwise/testing/status.hpp"
#include "domain/event_store_fake.hpp"

namespace cartwise::telemetry {
namespace {

struct Fixture {
  FakeEventStore store;
  testing::FakeClock clock;
  Ingest ingest{store, clock};

  UncheckedEvent Event(std::string type = "agent.health") const {
    return {EventId::New().value(), std::move(type), "{}", true, clock.Now()};
  }
  absl::StatusOr<Ingested> Take(std::vector<UncheckedEvent> events) {
    Ingested done;
    CW_RETURN_IF_ERROR(ingest.OfDevice(Caller{}, Origin{}, std::move(events),
                                       [&](const Ingested& answer) { done = answer; }));
    return done;
  }
};

std::vector<std::string> FieldsOf(const absl::Status& status) {
  std::vector<std::string> names;
  for (const auto& [name, text] : errors::Fields(status)) names.push_back(name);
  return names;
}

}  // namespace

TEST_CASE("a batch is stored and its duplicates counted", "[telemetry]") {
  Fixture f;
  f.store.duplicates = 1;

  const auto done = f.Take({f.Event(), f.Event(), f.Event()});

  REQUIRE_OK(done);
  CHECK(done->stored == 2);
  CHECK(done->duplicates == 1);
  CHECK(f.store.added.size() == 3);
}

TEST_CASE("an event without id and time gets both", "[telemetry]") {
  Fixture f;

  REQUIRE_OK(f.Take({{"", "agent.health", "{}", true, std::nullopt}}));

  CHECK(IsUuid(f.store.added[0].id.value()));
  CHECK(f.store.added[0].occurred_at == f.clock.Now());
}

TEST_CASE("a repeat of an event without a time of its own is told by its id", "[telemetry]") {
  Fixture f;
  UncheckedEvent untimed = f.Event(), nameless = f.Event();
  untimed.occurred_at.reset();
  nameless.occurred_at.reset();
  nameless.id.clear();

  REQUIRE_OK(f.Take({f.Event(), untimed, nameless}));

  CHECK_FALSE(f.store.added[0].time_may_change);
  CHECK(f.store.added[1].time_may_change);
  CHECK_FALSE(f.store.added[2].time_may_change);
}

TEST_CASE("every event at fault is named, and then nothing is stored", "[telemetry]") {
  Fixture f;
  UncheckedEvent id = f.Event(), data = f.Event(), exact = f.Event(), old = f.Event(),
                 ahead = f.Event();
  id.id = "7";
  data.data = "{\"a\":\"" + std::string(16 * 1024, 'x') + "\"}";
  exact.exact = false;
  old.occurred_at = f.clock.Now() - absl::Hours(7 * 24) - absl::Seconds(1);
  ahead.occurred_at = f.clock.Now() + absl::Minutes(5) + absl::Seconds(1);

  const auto done = f.Take({f.Event(), id, f.Event("Bad Type"), f.Event(""), data, exact, old,
                            ahead, f.Event(std::string(101, 'a'))});

  CHECK_REFUSED(done, "INVALID_FIELD");
  CHECK(FieldsOf(done.status()) ==
        std::vector<std::string>{"events[1].event_id", "events[2].event_type",
                                 "events[3].event_type", "events[4].event_data",
                                 "events[5].event_data", "events[6].occurred_at",
                                 "events[7].occurred_at", "events[8].event_type"});
  CHECK(f.store.added.empty());
}

TEST_CASE("the edges of what is allowed are allowed", "[telemetry]") {
  Fixture f;
  UncheckedEvent old = f.Event(), ahead = f.Event();
  old.occurred_at = f.clock.Now() - absl::Hours(7 * 24);
  ahead.occurred_at = f.clock.Now() + absl::Minutes(5);

  CHECK(f.Take({old, ahead, f.Event(std::string(100, 'a')), f.Event("a_b.c9")}).ok());
}

TEST_CASE("data is nested at most 28 deep, its own object included", "[telemetry]") {
  Fixture f;
  const auto nested = [&](int deep, const std::string& open, const std::string& close) {
    UncheckedEvent event = f.Event();
    event.data = R"({"a":")" + std::string(40, '[') + R"(\\\"{{","b":)";
    for (int i = 1; i < deep; ++i) event.data += open;
    event.data += "0";
    for (int i = 1; i < deep; ++i) event.data += close;
    event.data += R"(,"c":[{}]})";
    return event;
  };

  CHECK(f.Take({nested(28, "[", "]"), nested(28, R"({"a":)", "}")}).ok());
  const auto done = f.Take({nested(29, "[", "]"), f.Event(), nested(29, R"({"a":)", "}")});
  CHECK_REFUSED(done, "INVALID_FIELD");
  CHECK(FieldsOf(done.status()) ==
        std::vector<std::string>{"events[0].event_data", "events[2].event_data"});
}

TEST_CASE("a batch holds 1 to 500 events", "[telemetry]") {
  Fixture f;

  CHECK_REFUSED(f.Take({}), "INVALID_FIELD");
  CHECK_REFUSED(f.Take(std::vector<UncheckedEvent>(501, f.Event())), "INVALID_FIELD");
  CHECK(f.Take(std::vector<UncheckedEvent>(500, f.Event())).ok());
  CHECK_REFUSED(f.ingest.Deliver(Caller{}, {}), "INVALID_FIELD");
}

}  // namespace cartwise::telemetry
