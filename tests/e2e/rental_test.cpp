#include <catch2/catch.hpp>

#include <set>

#include "cartwise/base/ids.hpp"
#include "e2e/the_fleet.hpp"

namespace cartwise::fleet {
namespace {

TEST_CASE("assign opens exactly one lock, and pushing the cart back ends the rental", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain);

  const Answer rental = rack.Assign(NewPhone());

  INFO(rental.text);
  REQUIRE(rental.status == 200);
  CHECK(rental.body["status"] == "ACTIVE");
  CHECK(rental.body["cart_number"].get<int>() >= 1);
  REQUIRE(rack.board().Pulses().size() == 1);
  const std::string cart = rental.body["cart_id"];
  CHECK(rack.PulsesOf(cart) == 1);
  CHECK(rack.Cart(cart)["status"] == "IN_USE");

  rack.board().Do("push " + rack.PlaceOf(cart));

  const Json ended = rack.WaitRental(rental.body["id"], "RETURNED");
  CHECK(ended["status"] == "RETURNED");
  CHECK(ended["end_reason"] == "HOOK_CLOSED");
  CHECK(ended["ended_by"] == "device:" + rack.device_id());
  CHECK(rack.Cart(cart)["status"] == "AVAILABLE");
  CHECK(rack.board().Pulses().size() == 1);
}

TEST_CASE("a lost reply after the coil fired is one pulse and an active rental", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain);
  rack.board().Do("fault lost_reply_after_pulse 2");

  const Answer rental = rack.Assign(NewPhone());

  INFO(rental.text);
  REQUIRE(rental.status == 200);
  CHECK(rental.body["status"] == "ACTIVE");
  CHECK(rack.board().Pulses().size() == 1);
  const Json faults = rack.board().Do("state")["faults"];
  CHECK(faults["lost_reply_after_pulse"] == 0);
  CHECK(faults["lost_reply"] == 0);
}

TEST_CASE("a jammed lock goes to maintenance and the same request takes the next cart", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain, {.carts = 2});
  const Answer first = rack.Assign(NewPhone());
  REQUIRE(first.ok());
  const std::string used = first.body["cart_id"];
  rack.board().Do("push " + rack.PlaceOf(used));
  REQUIRE(rack.WaitRental(first.body["id"], "RETURNED")["status"] == "RETURNED");
  // The cart that rested longest is tried first.
  const Json carts = rack.Carts();
  const std::string rested = carts[carts[0]["id"] == used ? 1 : 0]["id"];
  rack.board().Do("fault jam " + rack.PlaceOf(rested));

  const Answer rental = rack.Assign(NewPhone());

  INFO(rental.text);
  REQUIRE(rental.status == 200);
  CHECK(rental.body["status"] == "ACTIVE");
  CHECK(rental.body["cart_id"] == used);
  CHECK(rack.PulsesOf(rested) == 2);
  CHECK(rack.PulsesOf(used) == 2);  // with the one before
  CHECK(rack.Cart(rested)["status"] == "MAINTENANCE");
  const Json history = chain.owner->Get(rack.Path("/rentals/history?status=NOT_OPENED")).body;
  REQUIRE(history["rentals"].size() == 1);
  CHECK(history["rentals"][0]["cart_id"] == rested);
  CHECK(history["rentals"][0]["end_reason"] == "LOCK_JAMMED");
  CHECK(rack.Assign(NewPhone()).code() == "NO_FREE_CART");
}

TEST_CASE("when every lock jams, the request says so", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain, {.carts = 1});
  rack.board().Do("fault jam 0 1");

  const Answer refused = rack.Assign(NewPhone());

  CHECK(refused.status == 409);
  CHECK(refused.code() == "LOCK_JAMMED");
  CHECK(rack.board().Pulses().size() == 2);
  CHECK(rack.Carts()[0]["status"] == "MAINTENANCE");
}

TEST_CASE("the same key gives the same rental and one pulse", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain);
  const std::string phone = NewPhone(), key = NewUuid();

  const Answer first = rack.Assign(phone, key);
  const Answer again = rack.Assign(phone, key);
  const Answer other = rack.Assign(NewPhone(), key);

  REQUIRE(first.status == 200);
  CHECK(again.status == 200);
  CHECK(again.body == first.body);
  CHECK(other.status == 422);
  CHECK(other.code() == "IDEMPOTENCY_KEY_REUSED");
  CHECK(rack.board().Pulses().size() == 1);
}

TEST_CASE("a shopper with a cart gets no second one", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain);
  const std::string phone = NewPhone();
  const Answer first = rack.Assign(phone);
  INFO(first.text);
  REQUIRE(first.ok());

  const Answer second = rack.Assign(phone);

  CHECK(second.status == 409);
  CHECK(second.code() == "SHOPPER_HAS_RENTAL");
  CHECK(rack.board().Pulses().size() == 1);
}

TEST_CASE("a cart that nobody took is free again", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain);
  rack.board().Do("auto_take off");
  const Answer rental = rack.Assign(NewPhone());
  REQUIRE(rental.ok());
  const std::string cart = rental.body["cart_id"];

  rack.board().Do("push " + rack.PlaceOf(cart));

  CHECK(rack.WaitRental(rental.body["id"], "NOT_TAKEN")["status"] == "NOT_TAKEN");
  CHECK(rack.Cart(cart)["status"] == "AVAILABLE");
}

TEST_CASE("a lock forced open raises an alarm and the cart is not given out", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain, {.carts = 1});

  rack.board().Do("force 0 1");

  CHECK(Eventually([&] { return rack.Told("cart.forced_open").size() == 1; }));
  CHECK(rack.Carts()[0]["is_locked"] == false);
  CHECK(rack.Assign(NewPhone()).code() == "NO_FREE_CART");
  CHECK(rack.board().Pulses().empty());
}

TEST_CASE("staff open a lock with a reason, and that raises no alarm", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain, {.carts = 2});
  const std::string cart = rack.Carts()[0]["id"];

  CHECK(chain.owner->Post(rack.Path("/carts/" + cart + "/unlock"), Json::object()).status == 400);
  const Answer opened =
      chain.owner->Post(rack.Path("/carts/" + cart + "/unlock"), {{"reason", "wheel is stuck"}});

  INFO(opened.text);
  CHECK(opened.status == 200);
  CHECK(rack.PulsesOf(cart) == 1);
  CHECK(rack.board().Pulses().size() == 1);
  // What the branch tells later proves that the opening was judged before it.
  const Answer rental = rack.Assign(NewPhone());
  REQUIRE(rental.ok());
  CHECK(rental.body["cart_id"] != cart);
  rack.board().Do("push " + rack.PlaceOf(rental.body["cart_id"]));
  CHECK(Eventually([&] { return rack.Told("rental.returned").size() == 1; }));
  CHECK(rack.Told("cart.forced_open").empty());
}

TEST_CASE("staff return by hand and force an end only with a reason", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain);
  const std::string phone = NewPhone();
  REQUIRE(rack.Assign(phone).ok());
  const Answer second = rack.Assign(NewPhone());
  REQUIRE(second.ok());

  CHECK(chain.owner->Post(rack.Path("/carts/return"), {{"user_phone", phone}}).status == 400);
  const Answer returned = chain.owner->Post(
      rack.Path("/carts/return"), {{"user_phone", phone}, {"reason", "shopper left it outside"}});
  INFO(returned.text);
  CHECK(returned.status == 200);
  CHECK(returned.body["end_reason"] == "STAFF");

  const std::string force =
      "/api/rentals/" + second.body["id"].get<std::string>() + "/force-complete";
  CHECK(chain.owner->Post(force, Json::object()).status == 400);
  CHECK(chain.owner->Post(force, {{"reason", "cart was stolen"}}).status == 200);
  CHECK(chain.owner->Post(force, {{"reason", "cart was stolen"}}).code() == "RENTAL_NOT_OPEN");
}

TEST_CASE("1,000 shoppers at once for 10 carts: 10 winners, 10 pulses", "[e2e]") {
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain, {.carts = 10, .gap_ms = 0});
  std::vector<Request> requests;
  for (int i = 0; i < 1'000; ++i) {
    requests.push_back(
        {"POST", rack.Path("/carts/assign"), Json{{"user_phone", NewPhone()}}.dump(), {}});
  }

  const std::vector<Answer> answers = chain.owner->SendAll(requests);

  std::map<std::string, int> outcomes;
  std::set<std::string> carts;
  for (const Answer& answer : answers) {
    ++outcomes[answer.ok() ? "won" : std::to_string(answer.status) + " " + answer.code()];
    if (answer.ok()) carts.insert(answer.body["cart_id"].get<std::string>());
  }
  CAPTURE(outcomes);
  CHECK(outcomes["won"] == 10);
  CHECK(carts.size() == 10);
  CHECK(outcomes["won"] + outcomes["409 NO_FREE_CART"] == 1'000);
  CHECK(rack.board().Pulses().size() == 10);
}

}  // namespace
}  // namespace cartwise::fleet
