#include <catch2/catch.hpp>

#include <signal.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "cartwise/base/ids.hpp"
#include "e2e/the_fleet.hpp"

namespace cartwise::fleet {
namespace {

// One shopper after another, each pushing the cart back, until told to stop.
class Shoppers {
 public:
  Shoppers(Rack& rack, Chain& chain) : rack_(rack), client_(chain.owner->Twin()) {
    thread_ = std::thread([this] { Run(); });
  }
  ~Shoppers() { Stop(); }

  void Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::vector<std::string> Acknowledged() {
    std::lock_guard lock(mutex_);
    return acknowledged_;
  }

 private:
  void Run() {
    while (!stop_) {
      const Answer rental = rack_.Assign(client_, NewPhone(), NewUuid());
      if (!rental.ok()) continue;
      std::lock_guard lock(mutex_);
      acknowledged_.push_back(rental.body["id"]);
    }
  }

  Rack& rack_;
  Rest client_;
  std::mutex mutex_;
  std::vector<std::string> acknowledged_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

TEST_CASE("kill -9 of a service during rentals loses nothing acknowledged", "[e2e][outage]") {
  const std::string victim =
      GENERATE("rental-svc", "device-svc", "gateway-svc", "tenant-svc", "telemetry-svc");
  CAPTURE(victim);
  Chain chain(TheFleet());
  Rack rack(TheFleet(), chain, {.boards = 2, .carts = 32, .gap_ms = 0});
  Shoppers shoppers(rack, chain);
  REQUIRE(Eventually([&] { return shoppers.Acknowledged().size() >= 5; }));

  TheFleet().Stop(victim, SIGKILL);
  TheFleet().Start(victim);

  const size_t before = shoppers.Acknowledged().size();
  CHECK(Eventually(
      [&] { return shoppers.Acknowledged().size() >= std::min<size_t>(before + 3, 31); }, 60));
  shoppers.Stop();

  // Healed: nothing is left between two states, and every rental has its pulse.
  REQUIRE(rack.WaitOnline());
  const auto history = [&] {
    return chain.owner->Get(rack.Path("/rentals/history?page_size=200")).body["rentals"];
  };
  CHECK(Eventually(
      [&] {
        for (const Json& rental : history()) {
          if (rental["status"] == "OPENING" || rental["status"] == "UNCONFIRMED") return false;
        }
        return true;
      },
      60));
  std::map<std::string, std::string> status_of;
  size_t opened = 0;
  for (const Json& rental : history()) {
    status_of[rental["id"]] = rental["status"];
    if (rental["status"] == "ACTIVE") ++opened;
  }
  for (const std::string& id : shoppers.Acknowledged()) CHECK(status_of[id] == "ACTIVE");
  CHECK(rack.board().Pulses().size() == opened);

  // And what comes back is seen, once.
  const Answer one = chain.owner->Get("/api/rentals/" + shoppers.Acknowledged().front());
  rack.board().Do("push " + rack.PlaceOf(one.body["cart_id"]));
  CHECK(rack.WaitRental(one.body["id"], "RETURNED")["status"] == "RETURNED");
}

}  // namespace
}  // namespace cartwise::fleet
