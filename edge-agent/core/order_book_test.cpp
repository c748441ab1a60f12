#include <catch2/catch.hpp>

#include "core/life_fake.hpp"

namespace cartwise::edge {
namespace {

struct Fixture {
  Fixture() {
    world.rack.boards[0] = {};
    life = std::make_unique<Life>(world);
    life->Configure();
    life->Settle();
  }
  /// Offers it and runs what came of it.
  std::string Offer(const SignedOrder& order) {
    life->book.Offer(order);
    life->Run(absl::Seconds(1));
    return life->EndOf(order.order.id);
  }
  size_t pulses() { return world.rack.Pulses().size(); }

  World world;
  std::unique_ptr<Life> life;
};

/// Has what it is told committed at once.
class QuickCloud final : public Doorbell {
 public:
  explicit QuickCloud(const FakeOrderStore& store) : store_(store) {}

  OrderBook* book = nullptr;
  std::vector<size_t> stored;  ///< results on the disk at each ring

  void Ring() override {
    stored.push_back(store_.results.size());
    const auto result = book->NextResult({});
    if (result) book->ResultCommitted(result->id);
  }
  void WaitUntil(absl::Duration) override {}

 private:
  const FakeOrderStore& store_;
};

TEST_CASE("a result is told before the disk has it", "[orders]") {
  World world;
  const FakeVerifier verifier;
  QuickCloud cloud(world.orders);
  OrderBook book({world.orders, verifier, world.rack.clock, world.diary, cloud, world.failpoints},
                 "epoch");
  cloud.book = &book;

  book.Finish({.id = CommandId("command"), .outcome = Outcome::kSucceeded});

  CHECK(cloud.stored == std::vector<size_t>{0});
  CHECK(world.orders.results.empty());
  CHECK(world.orders.settled.back() == CommandId("command"));
}

TEST_CASE("an order with a bad signature: REJECTED BAD_SIGNATURE", "[orders]") {
  Fixture f;
  SignedOrder order = f.life->MakeUnlock(0, 1);
  order.signature = "forged";

  CHECK(f.Offer(order) == "REJECTED BAD_SIGNATURE");
  CHECK(f.pulses() == 0);
}

TEST_CASE("an order for another device or chain: REJECTED NOT_MY_LOCK", "[orders]") {
  Fixture f;
  SignedOrder order = f.life->MakeUnlock(0, 1);
  SECTION("device") {
    order.order.device = DeviceId("other");
  }
  SECTION("chain") {
    order.order.chain = ChainId("other");
  }

  CHECK(f.Offer(order) == "REJECTED NOT_MY_LOCK");
  CHECK(f.pulses() == 0);
}

TEST_CASE("an order of another life: DROPPED WRONG_EPOCH", "[orders]") {
  Fixture f;
  SignedOrder order = f.life->MakeUnlock(0, 1);
  order.order.agent_epoch = "epoch-0";

  CHECK(f.Offer(order) == "DROPPED WRONG_EPOCH");
  CHECK(f.pulses() == 0);
}

TEST_CASE("an order below the last sequence: DROPPED OLD_SEQUENCE", "[orders]") {
  Fixture f;
  const SignedOrder early = f.life->MakeUnlock(0, 1);
  const SignedOrder late = f.life->MakeUnlock(0, 2);

  CHECK(f.Offer(late) == "SUCCEEDED");
  CHECK(f.Offer(early) == "DROPPED OLD_SEQUENCE");
  CHECK(f.pulses() == 1);
  CHECK(f.life->book.last_seq() == late.order.seq);
}

TEST_CASE("an order of a kind nobody drives: REJECTED UNKNOWN_KIND", "[orders]") {
  Fixture f;
  SignedOrder order = f.life->MakeUnlock(0, 1);
  order.order.kind = "lock.open_all";

  CHECK(f.Offer(order) == "REJECTED UNKNOWN_KIND");
}

TEST_CASE("a replayed order pulses nothing and never contradicts its first end", "[orders]") {
  Fixture f;
  const SignedOrder order = f.life->MakeUnlock(0, 1);
  CHECK(f.Offer(order) == "SUCCEEDED");
  f.world.rack.Close(0, 1);
  f.life->Run(absl::Seconds(1));

  SECTION("before the cloud has the result") {
    CHECK(f.Offer(order) == "SUCCEEDED");
  }
  SECTION("after it") {
    f.life->book.ResultCommitted(order.order.id);
    CHECK(f.Offer(order).empty());
  }
  SECTION("with another id under the same sequence") {
    SignedOrder copy = order;
    copy.order.id = CommandId("another");
    CHECK(f.Offer(copy) == "DROPPED OLD_SEQUENCE");
  }
  SECTION("in the next life") {
    f.life.reset();
    f.life = std::make_unique<Life>(f.world);
    f.life->Configure();
    CHECK(f.Offer(order) == "SUCCEEDED");
  }
  CHECK(f.pulses() == 1);
}

TEST_CASE("an order that comes twice while it runs is carried out once", "[orders]") {
  Fixture f;
  const SignedOrder order = f.life->MakeUnlock(0, 1);
  f.life->book.Offer(order);
  f.life->book.Offer(order);

  f.life->RunOrder(order.order.id);

  CHECK(f.life->EndOf(order.order.id) == "SUCCEEDED");
  CHECK(f.pulses() == 1);
}

TEST_CASE("a settled id is remembered, up to a bound", "[orders]") {
  Fixture f;
  for (size_t i = 0; i < OrderBook::kRemembered + 5; ++i) {
    SignedOrder order = f.life->MakeUnlock(0, 1);
    order.order.kind = "no.such";
    f.life->book.Offer(order);
    f.life->book.ResultCommitted(order.order.id);
  }

  CHECK(f.world.orders.settled.size() == OrderBook::kRemembered);
}

TEST_CASE("an intent without an end is UNKNOWN INTERRUPTED in the next life", "[orders]") {
  Fixture f;
  f.world.failpoints.cut_at = "after_pulse";
  const SignedOrder order = f.life->MakeUnlock(0, 1);
  CHECK_THROWS_AS(f.Offer(order), PowerCut);
  f.world.failpoints.cut_at.clear();
  f.life.reset();

  Life second(f.world);
  CHECK(second.EndOf(order.order.id) == "UNKNOWN INTERRUPTED");
  second.Configure();
  second.Run(absl::Seconds(1));

  CHECK(f.pulses() == 1);
  const auto opened = second.Events("lock.opened");
  REQUIRE(opened.size() == 1);
  CHECK(opened[0].payload.Text("command_id") == order.order.id.value());
}

TEST_CASE("a committed order still explains an opening that the journal lost", "[orders]") {
  Fixture f;
  const CommandId id = f.life->Unlock(0, 1);
  while (!f.life->book.Waiting(id)) f.life->bus.RunOnce();
  f.life->book.ResultCommitted(id);
  f.life.reset();
  const auto [down_for, explained] =
      GENERATE(table<absl::Duration, bool>({{absl::Seconds(5), true}, {absl::Minutes(1), false}}));
  f.world.rack.clock.Advance(down_for);

  Life second(f.world);
  second.Configure();
  second.Run(absl::Seconds(1));

  const auto opened = second.Events("lock.opened");
  REQUIRE(opened.size() == 1);
  CHECK(opened[0].payload.Text("command_id") == (explained ? id.value() : ""));
}

TEST_CASE("an order of another boot explains nothing", "[orders]") {
  World world;
  world.rack.boards[0] = {};
  {
    Life life(world);
    life.Configure();
    life.Settle();
  }
  const Order order{
      .id = CommandId("old"),
      .kind = "lock.unlock",
      .arguments = Value::Object{{"controller_id", world.Controller(0).value()}, {"lock", 1}}};
  world.orders.acted = {{order, world.rack.clock.SinceBoot() + absl::Hours(1)}};
  world.rack.Open(0, 1);

  Life second(world);
  second.Configure();
  second.Run(absl::Seconds(1));

  const auto opened = second.Events("lock.opened");
  REQUIRE(opened.size() == 1);
  CHECK(opened[0].payload.Text("command_id").empty());
}

TEST_CASE("an order of an earlier life takes no opening from one of this life", "[orders]") {
  Fixture f;
  f.Offer(f.life->MakeUnlock(0, 1));
  f.life.reset();
  f.world.rack.Close(0, 1);
  f.world.orders.unavailable = true;
  f.life = std::make_unique<Life>(f.world);
  f.life->Configure();
  f.life->Settle();
  const CommandId id = f.life->Unlock(0, 1);
  while (f.pulses() < 2) f.life->bus.RunOnce();

  f.world.orders.unavailable = false;
  f.life->book.Recover();
  f.life->Run(absl::Seconds(1));

  const auto opened = f.life->Events("lock.opened");
  REQUIRE(opened.size() == 2);
  CHECK(opened[1].payload.Text("command_id") == id.value());
}

TEST_CASE("earlier orders that cannot be read at the start are read later", "[orders]") {
  Fixture f;
  const SignedOrder old = f.life->MakeUnlock(0, 1);
  CHECK(f.Offer(old) == "SUCCEEDED");
  f.life.reset();
  f.world.orders.unavailable = true;
  f.life = std::make_unique<Life>(f.world);
  f.life->Configure();

  CHECK(f.Offer(old).empty());
  CHECK(f.Offer(f.life->MakeUnlock(0, 2)) == "SUCCEEDED");
  f.world.orders.unavailable = false;
  f.life->Run(absl::Seconds(1));

  CHECK(f.life->EndOf(old.order.id) == "SUCCEEDED");
  CHECK(f.pulses() == 2);
}

}  // namespace
}  // namespace cartwise::edge
