#include "cartwise/base/batcher.hpp"

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>

#include <absl/status/statusor.h>
#include <catch2/catch.hpp>

namespace cartwise {
namespace {

using Answer = absl::StatusOr<int>;
using Items = std::span<const int* const>;

constexpr int kLineCut = -100, kBroken = -200;
constexpr absl::Time kNoHurry = absl::InfiniteFuture();

// Doubles; fails as a whole for a negative number.
std::vector<Answer> Double(Items items) {
  std::vector<Answer> answers;
  for (const int* item : items) answers.emplace_back(2 * *item);
  const bool bad = std::any_of(items.begin(), items.end(), [](const int* i) { return *i < 0; });
  if (bad) answers.assign(items.size(), absl::InternalError("negative"));
  for (const int* item : items) {
    if (*item == kLineCut) answers.assign(items.size(), absl::UnavailableError("cut"));
    if (*item == kBroken) throw std::runtime_error("broken");
  }
  return answers;
}

/// A batcher whose first doing waits until so many others have come.
struct Crowd {
  explicit Crowd(size_t most)
      : batcher(most, [this](const std::string&, Items items) {
          sizes.push_back(items.size());
          if (sizes.size() == 1) {
            first_runs.count_down();
            others_wait.wait();
          }
          return Double(items);
        }) {}

  // Each in a thread of its own, with `meanwhile` before them.
  std::vector<Answer> Come(
      const std::vector<int>& others, const std::function<void()>& meanwhile = [] {}) {
    std::vector<Answer> answers(others.size());
    std::thread first([&] { (void)batcher.Do("a", 100, kNoHurry); });
    first_runs.wait();
    meanwhile();
    std::vector<std::thread> threads;
    for (size_t i = 0; i < others.size(); ++i) {
      threads.emplace_back([&, i] { answers[i] = batcher.Do("a", others[i], kNoHurry); });
    }
    while (batcher.waiting("a") < others.size()) std::this_thread::yield();
    others_wait.count_down();
    first.join();
    for (std::thread& thread : threads) thread.join();
    return answers;
  }

  std::latch first_runs{1}, others_wait{1};
  std::vector<size_t> sizes;
  Batcher<int, Answer> batcher;
};

TEST_CASE("who comes alone is done alone, again and again", "[batcher]") {
  std::vector<size_t> sizes;
  Batcher<int, Answer> batcher(8, [&](const std::string& key, Items items) {
    CHECK(key == "a");
    sizes.push_back(items.size());
    return Double(items);
  });
  CHECK(*batcher.Do("a", 1, kNoHurry) == 2);
  CHECK(batcher.Do("a", -1, kNoHurry).status().message() == "negative");
  CHECK(*batcher.Do("a", 2, kNoHurry) == 4);
  CHECK(sizes == std::vector<size_t>{1, 1, 1});
}

TEST_CASE("who comes while one runs is done together, at most so many, each with their answer",
          "[batcher]") {
  Crowd crowd(4);
  const auto answers = crowd.Come({1, 2, 3, 4, 5, 6});
  for (int i = 0; i < 6; ++i) CHECK(*answers[size_t(i)] == 2 * (i + 1));
  CHECK(crowd.sizes == std::vector<size_t>{1, 4, 2});
}

TEST_CASE("what fails in company is done again alone", "[batcher]") {
  Crowd crowd(4);
  const auto answers = crowd.Come({1, -2, 3});
  CHECK(*answers[0] == 2);
  CHECK(answers[1].status().message() == "negative");
  CHECK(*answers[2] == 6);
  CHECK(crowd.sizes == std::vector<size_t>{1, 3, 1, 1, 1});
}

TEST_CASE("for want of the database nobody asks it again, one after another", "[batcher]") {
  Crowd crowd(4);
  const auto answers = crowd.Come({1, kLineCut, 3});
  for (const Answer& answer : answers) CHECK(absl::IsUnavailable(answer.status()));
  CHECK(crowd.sizes == std::vector<size_t>{1, 3});
}

TEST_CASE("whose turn does not come in time is told so, and the others get theirs", "[batcher]") {
  Crowd crowd(4);
  Answer late;
  const auto answers =
      crowd.Come({1, 2}, [&] { late = crowd.batcher.Do("a", 7, absl::InfinitePast()); });
  CHECK(absl::IsUnavailable(late.status()));
  CHECK(errors::Reason(late.status()) == "DATABASE_BUSY");
  CHECK(*answers[0] == 2);
  CHECK(*answers[1] == 4);
  CHECK(crowd.sizes == std::vector<size_t>{1, 2});
}

TEST_CASE("a doing that throws fails, and its key goes on", "[batcher]") {
  Crowd crowd(4);
  const auto answers = crowd.Come({1, kBroken, 3});
  CHECK(*answers[0] == 2);
  CHECK(answers[1].status().message() == "exception: broken");
  CHECK(*answers[2] == 6);
  CHECK(*crowd.batcher.Do("a", 5, kNoHurry) == 10);
}

TEST_CASE("keys do not wait for each other", "[batcher]") {
  std::latch both(2);
  Batcher<int, Answer> batcher(4, [&](const std::string&, Items items) {
    both.arrive_and_wait();
    return Double(items);
  });
  Answer other_answer;
  std::thread other([&] { other_answer = batcher.Do("b", 1, kNoHurry); });
  CHECK(*batcher.Do("a", 2, kNoHurry) == 4);
  other.join();
  CHECK(*other_answer == 2);
}

TEST_CASE("nobody is left waiting, whatever meets", "[batcher]") {
  Batcher<int, Answer> batcher(3, [](const std::string&, Items items) { return Double(items); });
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const std::string key = t % 2 ? "a" : "b";
      for (int i = 0; i < 2000; ++i) right += *batcher.Do(key, i, kNoHurry) == 2 * i ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 8 * 2000);
}

}  // namespace
}  // namespace cartwise
