#include "cartwise/base/text.hpp"
#include "cartwise/testing/row_security.hpp"
#include "domain/carts.hpp"
#include "domain/rentals.hpp"
#include "storage/rental_fixture_pgtest.hpp"

namespace cartwise::rental::testing {
namespace {

struct StoreFixture : RentalFixture {
  PgRentalDatabase database{*pool, "rental"};

  template <typename T>
  absl::StatusOr<T> Do(const Caller& caller, const std::function<absl::StatusOr<T>(Store&)>& work) {
    absl::StatusOr<T> answer = absl::UnknownError("not run");
    const absl::Status done = database.Write(caller, [&](Store& store) {
      answer = work(store);
      return answer.status();
    });
    if (!done.ok()) return done;
    return answer;
  }
  absl::StatusOr<std::vector<Cart>> Create(const Place& place, int number, int locker, int count) {
    return Do<std::vector<Cart>>(Operator(place), [&](Store& store) {
      return CreateCarts(store, Operator(place),
                         NewCarts{place.branch, place.board, number, locker, count});
    });
  }
  absl::StatusOr<Rental> Return(const Caller& caller, const ReturnByHand& want) {
    return Do<Rental>(
        caller, [&](Store& store) { return ReturnCart(store, caller, vault, want, clock.Now()); });
  }
  Caller Shopper(const Place& place, const std::string& phone) {
    Caller caller;
    caller.principal = Principal::kShopper;
    caller.subject = "s";
    caller.chain = place.chain;
    caller.phone = phone;
    return caller;
  }
};

TEST_CASE("carts are made all or none, and every clash is named", "[carts]") {
  StoreFixture f;
  const Place place = f.AddPlace(0);
  const auto carts = f.Create(place, 101, 1, 4);
  REQUIRE_OK(carts);
  REQUIRE(carts->size() == 4);
  CHECK(carts->at(3).cart_number == 104);
  CHECK(carts->at(3).locker_id == 4);
  CHECK(carts->at(3).online);
  CHECK(f.Count("outbox WHERE type = 'cart.created'") == 4);

  const auto numbers = f.Create(place, 103, 5, 4);
  CHECK_REFUSED(numbers, "CART_NUMBER_TAKEN");
  CHECK(errors::Details(numbers.status())[0].second == "103, 104");
  CHECK_REFUSED(f.Create(place, 200, 4, 2), "LOCKER_TAKEN");
  CHECK_REFUSED(f.Create(place, 200, 15, 4), "INVALID_FIELD");
  Place elsewhere = place;
  elsewhere.board = ControllerId::New();
  CHECK_REFUSED(f.Create(elsewhere, 200, 5, 1), "CONTROLLER_NOT_FOUND");
  CHECK(f.Count("carts") == 4);
}

TEST_CASE("a cart that is out is neither changed nor deleted", "[carts]") {
  StoreFixture f;
  const Place place = f.AddPlace(2);
  const auto rental = f.Assign(place, Phone(1));
  REQUIRE_OK(rental);
  const Caller caller = f.Operator(place);
  const auto change = [&](const CartChange& what) {
    return f.Do<Cart>(caller, [&](Store& store) { return UpdateCart(store, caller, what); });
  };
  CartChange busy;
  busy.branch = place.branch;
  busy.id = rental->cart;
  busy.status = CartStatus::kMaintenance;
  CHECK_REFUSED(change(busy), "CART_IN_USE");
  CHECK_REFUSED(f.database.Write(caller,
                                 [&](Store& store) {
                                   return DeleteCart(store, caller, place.branch, rental->cart);
                                 }),
                "CART_IN_USE");

  CartChange free = busy;
  free.id = CartId(f.Text("SELECT id AS v FROM rental.carts WHERE cart_number = 2"));
  const auto set_aside = change(free);
  REQUIRE_OK(set_aside);
  CHECK(set_aside->status == CartStatus::kMaintenance);
  REQUIRE_OK(f.database.Write(
      caller, [&](Store& store) { return DeleteCart(store, caller, place.branch, free.id); }));
  CHECK_REFUSED(change(free), "CART_NOT_FOUND");
}

TEST_CASE("a shopper returns only what the hook holds, and only their own", "[return]") {
  StoreFixture f;
  const Place place = f.AddPlace(2, /*has_ir=*/true);
  REQUIRE_OK(f.Assign(place, Phone(1)));
  ReturnByHand want;
  want.branch = place.branch;
  CHECK_REFUSED(f.Return(f.Shopper(place, Phone(1)), want), "CART_NOT_LOCKED");
  CHECK_REFUSED(f.Return(f.Shopper(place, Phone(2)), want), "RENTAL_NOT_FOUND");
  SECTION("the sensor sees no cart behind the closed hook") {
    LockChange closed = f.Change(place, 1, true, f.clock.Now());
    closed.item_present = false;
    REQUIRE_OK(f.facts.Take(closed));
  }
  SECTION("nor did it while nobody was watching") {
    const SnapshotTold snapshot{
        EventId::New(), place.chain, place.device, f.clock.Now(), {{place.board, true, 0xFFFF, 0}}};
    REQUIRE_OK(f.facts.Take(snapshot));
  }
  CHECK(f.CartOf(place, 1) == "IN_USE closed");
  const auto returned = f.Return(f.Shopper(place, Phone(1)), want);
  REQUIRE_OK(returned);
  CHECK(returned->end_reason == "SHOPPER");
  CHECK(f.CartOf(place, 1) == "AVAILABLE closed");
}

TEST_CASE("staff end a rental with a reason; a cart that is not there is looked for", "[return]") {
  StoreFixture f;
  const Place place = f.AddPlace(1);
  REQUIRE_OK(f.Assign(place, Phone(1)));
  ReturnByHand want;
  want.branch = place.branch;
  want.cart_number = 1;
  CHECK_REFUSED(f.Return(f.Operator(place), want), "INVALID_FIELD");
  want.reason = "brought to the desk";
  const auto returned = f.Return(f.Operator(place), want);
  REQUIRE_OK(returned);
  CHECK(returned->status == RentalStatus::kReturned);
  CHECK(returned->notes == "brought to the desk");
  CHECK(f.CartOf(place, 1) == "MAINTENANCE open");
  CHECK_REFUSED(f.Return(f.Operator(place), want), "RENTAL_NOT_FOUND");
}

TEST_CASE("a cart of which nobody knows whether it left is looked for", "[return]") {
  StoreFixture f;
  const Place place = f.AddPlace(1);
  f.devices.unlock = [](const UnlockOrder&) { return CommandOutcome{}; };
  CHECK_REFUSED(f.Assign(place, Phone(1)), "UNLOCK_UNCONFIRMED");
  REQUIRE(f.CartOf(place, 1) == "IN_USE closed");  // as it was before the pulse

  ReturnByHand want;
  want.branch = place.branch;
  want.cart_number = 1;
  want.reason = "nobody knows";
  REQUIRE_OK(f.Return(f.Operator(place), want));

  CHECK(f.CartOf(place, 1) == "MAINTENANCE closed");
}

TEST_CASE("a rental of another shopper, branch or chain is as absent", "[rentals]") {
  StoreFixture f;
  const Place place = f.AddPlace(1);
  const Place other = f.AddPlace(1);
  const auto rental = f.Assign(place, Phone(1));
  REQUIRE_OK(rental);
  const auto get = [&](const Caller& caller) {
    return f.Do<Rental>(
        caller, [&](Store& store) { return GetRental(store, caller, f.vault, rental->id); });
  };
  REQUIRE_OK(get(f.Operator(place)));
  REQUIRE_OK(get(f.Shopper(place, Phone(1))));
  CHECK_REFUSED(get(f.Shopper(place, Phone(2))), "RENTAL_NOT_FOUND");
  CHECK_REFUSED(get(f.Operator(other)), "RENTAL_NOT_FOUND");
  Caller elsewhere = f.Operator(place);
  elsewhere.grants = {Grant{Role::kOperator, {BranchId::New()}}};
  CHECK_REFUSED(get(elsewhere), "RENTAL_NOT_FOUND");
  CHECK_REFUSED(f.Do<Rental>(elsewhere,
                             [&](Store& store) {
                               return ForceComplete(store, elsewhere, rental->id, "because",
                                                    f.clock.Now());
                             }),
                "RENTAL_NOT_FOUND");

  Caller viewer = f.Operator(place);
  viewer.grants = {Grant{Role::kViewer, {}}};
  CHECK(ShownPhone(viewer, f.vault, *rental) == rental->phone_masked);
  CHECK(ShownPhone(f.Operator(place), f.vault, *rental) == Phone(1));
  CHECK(ShownPhone(f.Shopper(place, Phone(2)), f.vault, *rental) == rental->phone_masked);
}

TEST_CASE("a rental of a branch that was deleted meanwhile can be ended", "[rentals]") {
  StoreFixture f;
  const Place place = f.AddPlace(1);
  const auto rental = f.Assign(place, Phone(1));
  REQUIRE_OK(rental);
  f.clock.Advance(absl::Minutes(1));
  REQUIRE_OK(f.facts.Take(BranchTold{place.chain, place.branch, false, true, absl::Hours(2),
                                     "Asia/Jerusalem", f.clock.Now()}));

  REQUIRE_OK(f.Do<Rental>(f.Operator(place), [&](Store& store) {
    return ForceComplete(store, f.Operator(place), rental->id, "branch is closed", f.clock.Now());
  }));
  CHECK(f.StatusOf(rental->id) == "RETURNED");
}

TEST_CASE("lists page in their order and figures count", "[rentals]") {
  StoreFixture f;
  const Place place = f.AddPlace(5);
  for (int i = 1; i <= 4; ++i) {
    REQUIRE_OK(f.Assign(place, Phone(i)));
    f.clock.Advance(absl::Seconds(1));
  }
  f.clock.Advance(absl::Minutes(9));
  REQUIRE_OK(f.facts.Take(f.Change(place, 1, true, f.clock.Now())));
  REQUIRE_OK(f.database.Read(f.Operator(place), [&](Store& store) -> absl::Status {
    const Branch branch = *store.FindBranch(place.branch);
    const auto active = store.ListActive(branch, PageRequest{2, {}});
    REQUIRE_OK(active);
    REQUIRE(active->size() == 3);  // one more than asked for: there are more
    CHECK(active->at(0).cart_number == 2);
    const auto history =
        store.ListHistory(branch, HistoryFilter{.branch = place.branch}, PageRequest{50, {}});
    REQUIRE_OK(history);
    REQUIRE(history->size() == 4);
    CHECK(history->at(0).cart_number == 4);
    const auto next = store.ListHistory(
        branch, HistoryFilter{.branch = place.branch},
        PageRequest{50, {ToRfc3339(history->at(1).start_time), history->at(1).id.value()}});
    REQUIRE_OK(next);
    CHECK(next->size() == 2);
    const auto mine = store.ListOfPhone(f.vault.Hashes(Phone(3)), PageRequest{50, {}});
    REQUIRE_OK(mine);
    CHECK(mine->size() == 1);
    const auto carts = store.ListCarts(branch, CartStatus::kAvailable, PageRequest{50, {}});
    REQUIRE_OK(carts);
    CHECK(carts->size() == 2);

    const auto figures = store.CountRentals(branch, f.clock.Now() - absl::Hours(1), f.clock.Now());
    REQUIRE_OK(figures);
    CHECK(figures->total == 4);
    CHECK(figures->active == 3);
    CHECK(figures->returned == 1);
    CHECK(figures->longest_minutes == 9);
    const auto now = store.CountBranch(branch);
    REQUIRE_OK(now);
    CHECK(now->carts == 5);
    CHECK(now->available == 2);
    CHECK(now->in_use == 3);
    CHECK(now->rentals_open == 3);
    return absl::OkStatus();
  }));
}

TEST_CASE("statements that forgot the tenant reach its own rows only", "[row-security]") {
  StoreFixture f;
  std::vector<Place> places = {f.AddPlace(3), f.AddPlace(3)};
  for (const Place& place : places) {
    FakeOnce once("k1");
    REQUIRE_OK(f.Assign(place, Phone(1), &once));
    REQUIRE_OK(f.facts.Take(f.Change(place, 2, false, f.clock.Now())));
    REQUIRE_OK(f.facts.Take(SnapshotTold{
        EventId::New(), place.chain, place.device, f.clock.Now(), {{place.board, true, 0, 0}}}));
    REQUIRE_OK(
        f.facts.Take(PresenceTold{place.chain, place.device, place.branch, false, f.clock.Now()}));
    f.db.Sql(absl::StrCat("INSERT INTO rental.staff_unlocks SELECT '", place.chain.value(),
                          "', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), "
                          "gen_random_uuid(), 1, gen_random_uuid(), 'u', 'because', 'SENT', '', "
                          "now(), NULL, NULL, NULL"));
  }
  REQUIRE_OK(f.pool->CheckReady("rental"));
  cartwise::testing::CheckRowSecurity(f.db, "rental", places[0].chain, places[1].chain);
}

}  // namespace
}  // namespace cartwise::rental::testing
