#include "api/translation.hpp"

#include <catch2/catch.hpp>

#include "cartwise/testing/status.hpp"

namespace cartwise::telemetry {
namespace {

const std::string kId = "01890000-0000-7000-8000-000000000001";

events::v1::Event Event() {
  events::v1::Event event;
  event.set_id(kId);
  event.set_chain_id(kId);
  event.set_type("lock.closed");
  event.set_source("agent");
  event.set_subject("cart-7");
  (*event.mutable_payload()->mutable_fields())["board"].set_number_value(1);
  event.mutable_occurred_at()->set_seconds(1'700'000'000);
  event.mutable_occurred_at()->set_nanos(123'456'789);
  return event;
}

absl::StatusOr<std::vector<PlacedEvent>> Translate(const events::v1::Event& event) {
  events::v1::DeliverRequest request;
  *request.add_events() = event;
  return FromProto(request);
}

}  // namespace

TEST_CASE("a delivered event keeps its payload, source and subject", "[telemetry]") {
  const auto events = Translate(Event());

  REQUIRE_OK(events);
  const PlacedEvent& placed = events->front();
  CHECK(placed.chain.value() == kId);
  CHECK(placed.branch.empty());
  CHECK(placed.device.empty());
  CHECK(placed.event.type == "lock.closed");
  CHECK(placed.event.data == R"({"board":1,"source":"agent","subject":"cart-7"})");
  CHECK(absl::ToUnixMicros(placed.event.occurred_at) == 1'700'000'000'123'456);
}

TEST_CASE("a repeat of what an agent reports is told by its id", "[telemetry]") {
  events::v1::Event event = Event();
  CHECK(Translate(event)->front().event.time_may_change);
  event.set_source("device-svc");
  CHECK_FALSE(Translate(event)->front().event.time_may_change);
}

TEST_CASE("a payload's own source is not overwritten", "[telemetry]") {
  events::v1::Event event = Event();
  (*event.mutable_payload()->mutable_fields())["source"].set_string_value("tap");

  CHECK(Translate(event)->front().event.data == R"({"board":1,"source":"tap","subject":"cart-7"})");
}

TEST_CASE("a delivered payload ends where a page could not show it any more", "[telemetry]") {
  events::v1::Event event = Event();
  google::protobuf::Value* value = &(*event.mutable_payload()->mutable_fields())["board"];
  for (int i = 0; i < 40; ++i) {
    value = i % 2 == 0 ? value->mutable_list_value()->add_values()
                       : &(*value->mutable_struct_value()->mutable_fields())["a"];
  }
  value->set_number_value(1);

  const auto events = Translate(event);

  REQUIRE_OK(events);
  const std::string& data = events->front().event.data;
  CHECK(DepthOf(data) == kMaxDataDepth);
  CHECK(data.find(R"({"a":[null]})") != std::string::npos);
  CHECK(data.find(R"("source":"agent","subject":"cart-7")") != std::string::npos);
}

TEST_CASE("how a device stands is believed of device-svc alone", "[telemetry]") {
  events::v1::Event event = Event();
  event.set_device_id(kId);
  event.set_source("device-svc");
  event.set_type("device.retired");
  (*event.mutable_payload()->mutable_fields())["lifecycle"].set_string_value("RETIRED");

  const auto told = Translate(event)->front().standing;
  REQUIRE(told.has_value());
  CHECK(told->lifecycle == "RETIRED");
  CHECK(told->token == Standing::Token::kKept);

  event.set_type("device.token_rotated");
  CHECK(Translate(event)->front().standing->token == Standing::Token::kReplaced);
  event.set_type("device.token_voided");
  CHECK(Translate(event)->front().standing->token == Standing::Token::kVoided);

  const auto spoil = GENERATE(
      as<std::function<void(events::v1::Event&)>>{},
      [](events::v1::Event& e) { e.set_source("agent"); },
      [](events::v1::Event& e) { e.set_type("lock.closed"); },
      [](events::v1::Event& e) { e.clear_device_id(); },
      [](events::v1::Event& e) { e.clear_payload(); },
      [](events::v1::Event& e) {
        (*e.mutable_payload()->mutable_fields())["lifecycle"].set_string_value("LOST");
      });
  spoil(event);
  CHECK_FALSE(Translate(event)->front().standing.has_value());
}

TEST_CASE("a delivered event needs ids, a type and a time", "[telemetry]") {
  const auto spoil = GENERATE(
      as<std::function<void(events::v1::Event&)>>{}, [](events::v1::Event& e) { e.set_id("x"); },
      [](events::v1::Event& e) { e.set_chain_id(""); },
      [](events::v1::Event& e) { e.set_branch_id("x"); },
      [](events::v1::Event& e) { e.set_device_id("x"); },
      [](events::v1::Event& e) { e.set_type("Lock closed"); },
      [](events::v1::Event& e) { e.clear_occurred_at(); },
      [](events::v1::Event& e) { e.mutable_occurred_at()->set_nanos(-1); });
  events::v1::Event event = Event();
  spoil(event);

  CHECK_REFUSED(Translate(event), "INVALID_FIELD");
}

TEST_CASE("a record reads as it was stored", "[telemetry]") {
  Record record;
  record.placed = Translate(Event())->front();
  record.received_at = absl::FromUnixMicros(-1);
  v1::ListDeviceTelemetryResponse out;

  ToProto(RecordPage{{record}, "next"}, out);

  REQUIRE(out.events_size() == 1);
  CHECK(out.next_page_token() == "next");
  CHECK(out.events(0).event_data().fields().at("subject").string_value() == "cart-7");
  CHECK(out.events(0).occurred_at().seconds() == 1'700'000'000);
  CHECK(out.events(0).occurred_at().nanos() == 123'456'000);
  CHECK(out.events(0).received_at().seconds() == -1);
  CHECK(out.events(0).received_at().nanos() == 999'999'000);
}

TEST_CASE("times that are none are refused", "[telemetry]") {
  v1::ListDeviceTelemetryRequest request;
  CHECK(FilterOf(request).ok());
  request.mutable_from()->set_seconds(253'402'300'800);
  CHECK_REFUSED(FilterOf(request), "INVALID_FIELD");

  google::protobuf::RepeatedPtrField<v1::NewTelemetry> events;
  events.Add()->mutable_occurred_at()->set_seconds(-99'999'999'999'999);
  CHECK(FromProto(events)[0].occurred_at == absl::InfinitePast());
}

}  // namespace cartwise::telemetry
