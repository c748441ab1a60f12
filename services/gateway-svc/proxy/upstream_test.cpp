#include "proxy/upstream.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

namespace cartwise::gateway {

TEST_CASE("a free turn is for who waits already") {
  Upstream upstream("slow", UpstreamLimits{1, 1});
  auto first = upstream.TakeFreeTurn();
  REQUIRE(first != nullptr);
  CHECK(upstream.TakeFreeTurn() == nullptr);
  std::shared_ptr<Turn> waited;
  REQUIRE(upstream.TakeTurn([&](std::shared_ptr<Turn> turn) { waited = std::move(turn); }));

  first.reset();

  CHECK(waited != nullptr);
  CHECK(upstream.TakeFreeTurn() == nullptr);
  waited.reset();
  CHECK(upstream.TakeFreeTurn() != nullptr);
}

TEST_CASE("turns that nobody wants any more are given back one after the other") {
  constexpr int kMany = 200'000;
  Upstream upstream("slow", UpstreamLimits{1, kMany});
  std::shared_ptr<Turn> held;
  REQUIRE(upstream.TakeTurn([&](std::shared_ptr<Turn> turn) { held = std::move(turn); }));
  int given = 0, deepest = 0, deep = 0;
  for (int i = 0; i < kMany; ++i) {
    REQUIRE(upstream.TakeTurn([&](std::shared_ptr<Turn> turn) {
      ++given;
      deepest = std::max(deepest, ++deep);
      turn.reset();
      --deep;
    }));
  }
  CHECK_FALSE(upstream.TakeTurn([](const std::shared_ptr<Turn>&) {}));

  held.reset();

  CHECK(given == kMany);
  CHECK(deepest == 1);
  REQUIRE(upstream.TakeTurn([&](std::shared_ptr<Turn> turn) { held = std::move(turn); }));
  CHECK(held != nullptr);
}

}  // namespace cartwise::gateway
