#include <catch2/catch.hpp>

#include "e2e/the_fleet.hpp"
#include "harness/shopper.hpp"

namespace cartwise::fleet {
namespace {

TEST_CASE("a shopper signs in by a code, takes a cart, brings it back and sees both", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain);
  Rest me = Shopper(TheFleet(), rack, NewPhone()).SignIn();

  const Answer rental = me.Post(rack.Path("/carts/assign"), Json::object());
  INFO(rental.text);
  REQUIRE(rental.status == 200);
  CHECK(rental.body["status"] == "ACTIVE");
  CHECK(rack.board().Pulses().size() == 1);
  CHECK(me.Post(rack.Path("/carts/assign"), Json::object()).code() == "SHOPPER_HAS_RENTAL");

  rack.board().Do("push " + rack.PlaceOf(rental.body["cart_id"]));
  rack.WaitRental(rental.body["id"], "RETURNED");
  const Answer mine = me.Get("/api/me/rentals");
  REQUIRE(mine.body["rentals"].size() == 1);
  CHECK(mine.body["rentals"][0]["id"] == rental.body["id"]);
  CHECK(mine.body["rentals"][0]["status"] == "RETURNED");
}

TEST_CASE("a shopper returns by hand only when the hook reads closed", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain);
  Rest me = Shopper(TheFleet(), rack, NewPhone()).SignIn();
  const Answer rental = me.Post(rack.Path("/carts/assign"), Json::object());
  REQUIRE(rental.ok());

  const Answer early = me.Post(rack.Path("/carts/return"), Json::object());

  INFO(early.text);
  CHECK(early.status == 409);
  CHECK(early.code() == "CART_NOT_LOCKED");
  CHECK(me.Get("/api/rentals/" + rental.body["id"].get<std::string>()).body["status"] == "ACTIVE");

  // With a sensor that sees the cart the hook itself is the return.
  const std::string place = rack.PlaceOf(rental.body["cart_id"]);
  rack.board().Do("fault blind " + place);
  rack.board().Do("push " + place);
  Answer returned;
  Eventually([&] {
    returned = me.Post(rack.Path("/carts/return"), Json::object());
    return returned.ok();
  });
  CHECK(returned.body["id"] == rental.body["id"]);
  CHECK(returned.body["status"] == "RETURNED");
  CHECK(returned.body["end_reason"] == "SHOPPER");
}

TEST_CASE("a shopper sees nobody else's rentals and acts for nobody else", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain);
  Rest me = Shopper(TheFleet(), rack, NewPhone()).SignIn();
  Rest other = Shopper(TheFleet(), rack, NewPhone()).SignIn();
  const Answer rental = other.Post(rack.Path("/carts/assign"), Json::object());
  REQUIRE(rental.ok());
  const std::string id = rental.body["id"];

  CHECK(me.Get("/api/rentals/" + id).code() == "RENTAL_NOT_FOUND");
  CHECK(me.Get("/api/me/rentals").body["rentals"].empty());
  CHECK(me.Post(rack.Path("/carts/return"), {{"rental_id", id}}).status >= 400);
  CHECK(me.Post(rack.Path("/carts/assign"), {{"user_phone", NewPhone()}}).status >= 400);
  CHECK(me.Get(rack.Path("/rentals/active")).status == 403);
  CHECK(me.Post("/api/rentals/" + id + "/force-complete", {{"reason", "I say so"}}).status == 403);
  CHECK(rack.board().Pulses().size() == 1);
}

TEST_CASE("a code works once, and only for its phone and chain", "[e2e]") {
  Chain chain(TheFleet()), elsewhere(TheFleet());
  Rack rack(TheFleet(), chain, {.carts = 1}), foreign(TheFleet(), elsewhere, {.carts = 1});
  const std::string phone = NewPhone();
  Fleet& fleet = TheFleet();
  Shopper shopper(fleet, rack, phone), abroad(fleet, foreign, phone),
      stranger(fleet, rack, NewPhone());
  REQUIRE(shopper.AskForCode().ok());
  const std::string code = shopper.LastCode();

  CHECK(stranger.Verify(code).code() == "CODE_INVALID");
  CHECK(abroad.Verify(code).code() == "CODE_INVALID");
  const Answer session = shopper.Verify(code);
  REQUIRE(session.ok());
  CHECK(shopper.Verify(code).code() == "CODE_INVALID");

  Rest me(fleet.Anonymous().base(), session.body["access_token"]);
  CHECK(me.Post(foreign.Path("/carts/assign"), Json::object()).status >= 400);
  CHECK(foreign.board().Pulses().empty());
}

TEST_CASE("five wrong codes block the phone, also for the right one and a new one", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain, {.carts = 1});
  Shopper shopper(TheFleet(), rack, NewPhone());
  REQUIRE(shopper.AskForCode().ok());
  const std::string code = shopper.LastCode();
  const std::string wrong = code == "000000" ? "000001" : "000000";

  for (int i = 0; i < 5; ++i) CHECK_FALSE(shopper.Verify(wrong).ok());

  const Answer right = shopper.Verify(code);
  CHECK(right.status == 429);
  CHECK(right.code() == "TOO_MANY_TRIES");
  CHECK(right.headers.count("retry-after") == 1);
  CHECK(shopper.AskForCode().code() == "TOO_MANY_TRIES");
}

}  // namespace
}  // namespace cartwise::fleet
