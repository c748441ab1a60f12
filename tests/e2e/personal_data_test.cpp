#include <catch2/catch.hpp>

#include <signal.h>

#include "e2e/the_fleet.hpp"
#include "harness/shopper.hpp"

namespace cartwise::fleet {
namespace {

// A shopper who took a cart and brought it back.
struct Returned {
  Chain chain{TheFleet()};
  Rack rack{TheFleet(), chain};
  std::string phone = NewPhone();
  Rest me = Shopper(TheFleet(), rack, phone).SignIn();
  std::string rental_id;

  Returned() {
    const Answer rental = me.Post(rack.Path("/carts/assign"), {{"notes", "for Dana"}}, "a-key");
    REQUIRE(rental.ok());
    rental_id = rental.body["id"];
    rack.board().Do("push " + rack.PlaceOf(rental.body["cart_id"]));
    rack.WaitRental(rental_id, "RETURNED");
  }
  Json Stats() { return chain.owner->Get(rack.Path("/rentals/stats")).body; }
};

TEST_CASE("shoppers see everything held of them, and erase it", "[e2e][personal-data]") {
  Returned f;
  const Json before = f.Stats();

  const Answer held = f.me.Get("/api/me/personal-data");
  INFO(held.text);
  REQUIRE(held.ok());
  CHECK(held.body["user_phone"] == f.phone);
  REQUIRE(held.body["parts"].size() == 2);
  CHECK(held.body["parts"][0]["holder"] == "rental-svc");
  const Json rental = held.body["parts"][0]["data"]["rentals"][0];
  CHECK(rental["id"] == f.rental_id);
  CHECK(rental["status"] == "RETURNED");
  CHECK(rental["notes"] == "for Dana");
  CHECK(held.body["parts"][1]["data"]["messages"].size() == 1);

  const Answer erased = f.me.Delete("/api/me/personal-data");
  INFO(erased.text);
  REQUIRE(erased.ok());
  CHECK(erased.body["state"] == "DONE");
  CHECK(erased.body["requested_by"] == "shopper");
  const std::string id = erased.body["id"];
  CHECK(f.me.Get("/api/personal-data/erasures/" + id).body["state"] == "DONE");

  // The token proves the phone still, and nothing that was.
  CHECK(f.me.Get("/api/me/rentals").body["rentals"].empty());
  CHECK(f.me.Get("/api/rentals/" + f.rental_id).code() == "RENTAL_NOT_FOUND");
  const Json after = f.me.Get("/api/me/personal-data").body;
  CHECK(after["parts"][0]["data"]["rentals"].empty());
  CHECK(after["parts"][1]["data"]["messages"].empty());
  CHECK(f.Stats() == before);
  const Json shown = f.chain.owner->Get("/api/rentals/" + f.rental_id).body;
  CHECK(shown["user_phone"] == "");
  CHECK(shown["notes"] == "");
}

TEST_CASE("staff erase by phone, but nobody who has a cart", "[e2e][personal-data]") {
  Returned f;
  const Json who = {{"user_phone", f.phone}};
  const Answer out = f.me.Post(f.rack.Path("/carts/assign"), Json::object());
  REQUIRE(out.ok());

  const Answer refused = f.chain.owner->Post("/api/personal-data/erase", who);
  CHECK(refused.status == 409);
  CHECK(refused.code() == "SHOPPER_HAS_RENTAL");
  CHECK(f.chain.Staff(TheFleet(), "OPERATOR").Post("/api/personal-data/export", who).status == 403);

  f.rack.board().Do("push " + f.rack.PlaceOf(out.body["cart_id"]));
  f.rack.WaitRental(out.body["id"], "RETURNED");
  CHECK(f.chain.owner->Post("/api/personal-data/export", who)
            .body["parts"][0]["data"]["rentals"]
            .size() == 2);
  const Answer erased = f.chain.owner->Post("/api/personal-data/erase", who);
  INFO(erased.text);
  CHECK(erased.body["state"] == "DONE");
  CHECK(f.chain.owner->Post("/api/personal-data/export", who)
            .body["parts"][0]["data"]["rentals"]
            .empty());
}

TEST_CASE("an erasure waits for a service that is away and ends by itself",
          "[e2e][personal-data]") {
  Returned f;
  TheFleet().Stop("rental-svc", SIGTERM);
  const Answer asked = f.me.Delete("/api/me/personal-data");
  INFO(asked.text);
  REQUIRE(asked.ok());
  CHECK(asked.body["state"] == "RUNNING");
  CHECK(f.me.Get("/api/me/personal-data").code() == "HOLDER_AWAY");

  TheFleet().Start("rental-svc");

  const std::string record = "/api/personal-data/erasures/" + asked.body["id"].get<std::string>();
  CHECK(Eventually([&] { return f.me.Get(record).body["state"] == "DONE"; }, 60));
  CHECK(f.me.Get("/api/me/rentals").body["rentals"].empty());
}

TEST_CASE("a backup from before an erasure is erased again", "[e2e][personal-data]") {
  Returned f;
  Fleet& fleet = TheFleet();
  const std::string chain = " WHERE chain_id = '" + f.chain.id + "'";
  const std::string since =
      fleet.database
          .Sql("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS v")
          .front()
          .Text("v");
  fleet.database.Sql("CREATE TABLE public.backup AS SELECT * FROM rental.rentals" + chain);
  REQUIRE(f.me.Delete("/api/me/personal-data").body["state"] == "DONE");

  // The restored database has the person and has never heard of the erasure.
  fleet.database.Sql(
      "UPDATE rental.rentals r SET phone_hash = b.phone_hash, phone_sealed = b.phone_sealed, "
      "phone_masked = b.phone_masked, notes = b.notes FROM public.backup b "
      "WHERE b.chain_id = r.chain_id AND b.id = r.id; DROP TABLE public.backup; "
      "DELETE FROM tenant.erasures" +
      chain);
  REQUIRE(f.me.Get("/api/me/rentals").body["rentals"].size() == 1);

  CHECK(fleet.Command("tenant-svc",
                      {"re-erase", "--since", since, "--log", fleet.LogOf("tenant-svc")},
                      fleet.LogOf("re-erase")) == 0);

  CHECK(Eventually([&] { return f.me.Get("/api/me/rentals").body["rentals"].empty(); }));
}

}  // namespace
}  // namespace cartwise::fleet
