#include "domain/listing.hpp"

#include <catch2/catch.hpp>

#include "cartwise/testing/status.hpp"
#include "domain/event_store_fake.hpp"

namespace cartwise::telemetry {
namespace {

const ChainId kChain("01890000-0000-7000-8000-000000000001");
const BranchId kBranch("01890000-0000-7000-8000-000000000003");
const DeviceId kDevice("01890000-0000-7000-8000-00000000000d");

Caller Staff(std::vector<BranchId> branches = {}) {
  Caller caller;
  caller.principal = Principal::kStaff;
  caller.chain = kChain;
  caller.grants = {{Role::kViewer, std::move(branches)}};
  return caller;
}

std::vector<Record> Records(int count, size_t bytes = 2) {
  std::vector<Record> records(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    NewEvent& event = records[static_cast<size_t>(i)].placed.event;
    event.id = EventId::New();
    event.data = std::string(bytes, 'x');
    event.occurred_at = absl::FromUnixMicros(1'000'000 - i);
  }
  return records;
}

}  // namespace

TEST_CASE("a full page says where the next one begins", "[telemetry]") {
  FakeEventStore store;
  const Listing listing(store);
  store.records = Records(3);

  const auto page = listing.OfDevice(Staff(), kDevice, {.page_size = 2});

  REQUIRE_OK(page);
  REQUIRE(page->records.size() == 2);
  CHECK(store.last_query.limit == 3);
  REQUIRE_OK(
      listing.OfDevice(Staff(), kDevice, {.page_size = 2, .page_token = page->next_page_token}));
  REQUIRE(store.last_query.after.has_value());
  CHECK(store.last_query.after->first == absl::FromUnixMicros(999'999));
  CHECK(store.last_query.after->second == page->records[1].placed.event.id);
}

TEST_CASE("the last page has no next one", "[telemetry]") {
  FakeEventStore store;
  const Listing listing(store);
  store.records = Records(2);

  CHECK(listing.OfDevice(Staff(), kDevice, {.page_size = 2})->next_page_token.empty());
}

TEST_CASE("a page of large events ends early", "[telemetry]") {
  FakeEventStore store;
  const Listing listing(store);
  store.records = Records(10, 200 * 1024);

  const auto page = listing.OfDevice(Staff(), kDevice, {});

  REQUIRE_OK(page);
  CHECK(page->records.size() == 2);
  CHECK_FALSE(page->next_page_token.empty());
}

TEST_CASE("a type is asked for whole or by its beginning", "[telemetry]") {
  const auto [filter, type, prefix] = GENERATE(table<std::string, std::string, bool>({
      {"lock.closed", "lock.closed", false},
      {"lock.*", "lock.", true},
      {"*", "", true},
      {"", "", true},
  }));
  FakeEventStore store;
  const Listing listing(store);

  REQUIRE_OK(listing.OfChain(Staff(), kChain, {.type = filter}));

  CHECK(store.last_query.type == type);
  CHECK(store.last_query.type_prefix == prefix);
}

TEST_CASE("filters that cannot be are refused", "[telemetry]") {
  FakeEventStore store;
  const Listing listing(store);
  const auto list = [&](const ListFilter& filter) {
    return listing.OfBranch(Staff(), kBranch, filter);
  };

  CHECK_REFUSED(list({.type = "a*b"}), "INVALID_FIELD");
  CHECK_REFUSED(list({.type = "LOCK"}), "INVALID_FIELD");
  CHECK_REFUSED(list({.type = "**"}), "INVALID_FIELD");
  CHECK_REFUSED(list({.page_token = "nonsense"}), "INVALID_FIELD");
  CHECK_REFUSED(list({.page_token = PageToken({"x", EventId::New().value()})}), "INVALID_FIELD");
  CHECK_REFUSED(list({.page_token = PageToken({"1", "x"})}), "INVALID_FIELD");
  CHECK_REFUSED(list({.page_size = -1}), "INVALID_FIELD");
  CHECK_REFUSED(list({.from = absl::FromUnixSeconds(2), .until = absl::FromUnixSeconds(1)}),
                "INVALID_FIELD");
}

TEST_CASE("staff see their branches, a device sees all that is its own", "[telemetry]") {
  FakeEventStore store;
  const Listing listing(store);
  Caller device;
  device.principal = Principal::kDevice;
  device.chain = kChain;

  REQUIRE_OK(listing.OfChain(Staff({kBranch}), kChain, {}));
  CHECK(store.last_query.visible == std::vector{kBranch});
  REQUIRE_OK(listing.OfChain(Staff(), kChain, {}));
  CHECK(store.last_query.visible == std::nullopt);
  REQUIRE_OK(listing.OfDevice(device, kDevice, {}));
  CHECK(store.last_query.visible == std::nullopt);
  CHECK(store.last_query.chain == kChain);
}

}  // namespace cartwise::telemetry
