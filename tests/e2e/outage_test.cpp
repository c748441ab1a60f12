#include <catch2/catch.hpp>

#include <signal.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include <absl/strings/str_join.h>

#include "cartwise/base/ids.hpp"
#include "e2e/the_fleet.hpp"

namespace cartwise::fleet {
namespace {

// Some shoppers at once, one after another, each pushing the cart back, until told to stop.
class Shoppers {
 public:
  Shoppers(Rack& rack, Chain& chain) : rack_(rack) {
    for (int i = 0; i < 3; ++i) {
      threads_.emplace_back([this, client = chain.owner->Twin()]() mutable { Run(client); });
    }
  }
  ~Shoppers() { Stop(); }

  void Stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  std::vector<std::string> Acknowledged() {
    std::lock_guard lock(mutex_);
    return acknowledged_;
  }
  bool AwaitMore(size_t count) {
    const size_t before = Acknowledged().size();
    return Eventually([&] { return Acknowledged().size() >= before + count; }, 60);
  }

 private:
  void Run(Rest& client) {
    while (!stop_) {
      const Answer rental = rack_.Assign(client, NewPhone(), NewUuid());
      if (!rental.ok()) continue;
      const int place = rental.body["cart_number"].get<int>() - 1;
      std::lock_guard lock(mutex_);
      acknowledged_.push_back(rental.body["id"]);
      rack_.board().Do("push " + std::to_string(place / 16) + " " + std::to_string(place % 16 + 1));
    }
  }

  Rack& rack_;
  std::mutex mutex_;
  std::vector<std::string> acknowledged_;
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

// How many rentals of the chain `r` are as `condition` says.
int64_t Rentals(const Chain& chain, const std::string& condition) {
  return TheFleet()
      .database
      .Sql("SELECT count(*) AS n FROM rental.rentals r WHERE r.chain_id = '" + chain.id +
           "' AND (" + condition + ")")
      .front()
      .Int("n");
}

TEST_CASE("kill -9 of a service during rentals loses nothing acknowledged", "[e2e][outage]") {
  const std::string victim =
      GENERATE("rental-svc", "device-svc", "gateway-svc", "tenant-svc", "telemetry-svc");
  CAPTURE(victim);
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain, {.boards = 2, .carts = 32, .gap_ms = 0});
  Shoppers shoppers(rack, chain);

  for (int kill = 0; kill < 3; ++kill) {
    REQUIRE(shoppers.AwaitMore(5));
    TheFleet().Stop(victim, SIGKILL);
    TheFleet().Start(victim);
  }
  CHECK(shoppers.AwaitMore(5));
  shoppers.Stop();

  // Healed: nothing is left between two states, every opening has its pulse, and what was
  // acknowledged came back.
  REQUIRE(rack.WaitOnline());
  const auto none = [&](const std::string& condition) {
    return Eventually([&] { return Rentals(chain, condition) == 0; }, 60);
  };
  const std::string acknowledged =
      "r.id IN ('" + absl::StrJoin(shoppers.Acknowledged(), "','") + "') AND ";
  CHECK(Rentals(chain, acknowledged + "true") == int64_t(shoppers.Acknowledged().size()));
  CHECK(none("r.status IN ('OPENING', 'UNCONFIRMED')"));
  CHECK(none(acknowledged + "r.status <> 'RETURNED'"));
  CHECK(Rentals(chain, "r.opened_at IS NOT NULL") == int64_t(rack.board().Pulses().size()));
  // What the agent told again on its next stream, with another time, is in the record once.
  CHECK(TheFleet()
            .database
            .Sql("SELECT FROM telemetry.events WHERE chain_id = '" + chain.id +
                 "' GROUP BY device_id, event_id HAVING count(*) > 1")
            .empty());
  // Who only keeps what happened was told of each once.
  CHECK(none(acknowledged +
             "1 <> (SELECT count(*) FROM telemetry.events e WHERE e.chain_id = r.chain_id"
             "       AND e.event_type = 'rental.active' AND e.event_data->>'id' = r.id::text)"));
  CHECK(none(acknowledged +
             "1 <> (SELECT count(*) FROM tenant.audit_entries e WHERE e.chain_id = r.chain_id"
             "       AND e.action = 'rental.opening' AND e.object_id = r.id::text)"));
}

}  // namespace
}  // namespace cartwise::fleet
