#include "api/event_pump.hpp"

#include <atomic>
#include <condition_variable>

#include <catch2/catch.hpp>

#include "cartwise/base/errors.hpp"

namespace cartwise::device {
namespace {

class SilentWatch final : public Watch {
 public:
  void Note(std::string_view, const DeviceId&, std::string_view) override {}
  void Worry(std::string_view, const DeviceId&, std::string_view) override { ++worries; }
  void Connected(int) override {}
  void Ended(CommandState) override {}
  std::atomic<int> worries = 0;
};

// Keeps every batch until the test answers it.
class HeldTaker final : public EventTaker {
 public:
  using Batch = std::vector<std::string>;

  explicit HeldTaker(absl::Duration gather = absl::ZeroDuration()) : gather_(gather) {}
  const std::string& name() const override { return name_; }
  absl::Duration gather() const override { return gather_; }
  void Take(std::shared_ptr<const events::v1::DeliverRequest> batch, Done done) override {
    std::lock_guard lock(mutex_);
    Batch ids;
    for (const auto& event : batch->events()) ids.push_back(event.id());
    batches_.push_back(std::move(ids));
    waiting_ = std::move(done);
    came_.notify_all();
  }

  // The batch that comes next.
  Batch Next() {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [&] { return batches_.size() > seen_; });
    return batches_[seen_++];
  }
  void Answer(absl::Status status) {
    Done done;
    {
      std::lock_guard lock(mutex_);
      done = std::move(waiting_);
    }
    done(std::move(status));
  }
  size_t batches() const {
    std::lock_guard lock(mutex_);
    return batches_.size();
  }

 private:
  const std::string name_ = "taker";
  const absl::Duration gather_;
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::vector<Batch> batches_;
  size_t seen_ = 0;
  Done waiting_;
};

using Batch = HeldTaker::Batch;

struct PumpFixture {
  HeldTaker first, second;
  std::vector<EventTaker*> takers = {&first, &second};
  Lanes lanes{1};
  SilentWatch watch;
  std::vector<int64_t> committed;
  std::shared_ptr<EventPump> pump = std::make_shared<EventPump>(EventPump::Parts{
      takers, lanes, watch, DeviceId::New(), [this](int64_t seq) { committed.push_back(seq); }});

  ~PumpFixture() { pump->Stop(); }

  bool Put(int64_t seq) {
    events::v1::Event event;
    event.set_id(std::to_string(seq));
    return pump->Put(seq, std::move(event));
  }
};

TEST_CASE("events are acknowledged when every taker has them", "[pump]") {
  PumpFixture f;
  REQUIRE(f.Put(1));
  CHECK(f.first.Next() == Batch{"1"});
  CHECK(f.second.Next() == Batch{"1"});

  f.first.Answer(absl::OkStatus());
  CHECK(f.committed.empty());
  f.second.Answer(absl::OkStatus());
  CHECK(f.committed == std::vector<int64_t>{1});
}

TEST_CASE("what waits for events runs when those who decide have them", "[pump]") {
  PumpFixture f;
  HeldTaker record(absl::Hours(1));
  f.takers.push_back(&record);
  const auto pump = std::make_shared<EventPump>(
      EventPump::Parts{f.takers, f.lanes, f.watch, DeviceId::New(), [](int64_t) {}});
  const auto put = [&](int64_t seq) {
    events::v1::Event event;
    event.set_id(std::to_string(seq));
    REQUIRE(pump->Put(seq, std::move(event)));
  };
  int ran = 0;
  pump->WhenDecided([&] { ++ran; });
  CHECK(ran == 1);  // nothing was put before

  put(1);
  pump->WhenDecided([&] { ++ran; });
  put(2);
  f.first.Next();
  f.first.Answer(absl::OkStatus());
  f.second.Next();
  CHECK(ran == 1);
  f.second.Answer(absl::OkStatus());
  CHECK(ran == 2);

  pump->WhenDecided([&] { ++ran; });
  pump->Stop();
  f.first.Answer(absl::OkStatus());
  CHECK(ran == 2);
}

TEST_CASE("what comes meanwhile goes together, in order, and a slow taker delays nobody",
          "[pump]") {
  PumpFixture f;
  for (int64_t seq = 1; seq <= 4; ++seq) f.Put(seq);
  CHECK(f.first.Next() == Batch{"1"});
  f.first.Answer(absl::OkStatus());
  CHECK(f.first.Next() == Batch{"2", "3", "4"});
  f.first.Answer(absl::OkStatus());

  CHECK(f.second.Next() == Batch{"1"});
  f.second.Answer(absl::OkStatus());
  CHECK(f.committed == std::vector<int64_t>{1});
  CHECK(f.second.Next() == Batch{"2", "3", "4"});
  f.second.Answer(absl::OkStatus());
  CHECK(f.committed == std::vector<int64_t>{1, 4});
}

TEST_CASE("a batch never grows beyond what a service takes", "[pump]") {
  PumpFixture f;
  f.Put(1);
  CHECK(f.first.Next() == Batch{"1"});
  for (int64_t seq = 2; seq <= 101; ++seq) {
    events::v1::Event event;
    event.set_id(std::to_string(seq));
    event.set_subject(std::string(16 * 1024, 'x'));
    f.pump->Put(seq, std::move(event));
  }
  f.first.Answer(absl::OkStatus());
  CHECK(f.first.Next().size() == 31);
}

TEST_CASE("a taker that fails gets the same batch again, before anything newer", "[pump]") {
  PumpFixture f;
  f.Put(1);
  CHECK(f.first.Next() == Batch{"1"});
  f.Put(2);
  f.first.Answer(absl::UnavailableError("away"));
  CHECK(f.first.Next() == Batch{"1", "2"});
  CHECK(f.watch.worries == 1);
}

TEST_CASE("an event that is refused for good does not hold up the others", "[pump]") {
  PumpFixture f;
  f.Put(1);
  CHECK(f.first.Next() == Batch{"1"});
  f.Put(2);
  f.Put(3);
  f.first.Answer(absl::OkStatus());
  CHECK(f.first.Next() == Batch{"2", "3"});

  f.first.Answer(errors::InvalidField("events[0].type", "is nonsense"));
  CHECK(f.first.Next() == Batch{"2"});
  f.first.Answer(errors::InvalidField("events[0].type", "is nonsense"));
  CHECK(f.first.Next() == Batch{"3"});
  f.first.Answer(absl::OkStatus());
  CHECK(f.watch.worries == 1);

  f.second.Next();
  f.second.Answer(absl::OkStatus());
  f.second.Next();
  f.second.Answer(absl::OkStatus());
  CHECK(f.committed.back() == 3);
}

TEST_CASE("an event said twice is carried once, and acknowledged again", "[pump]") {
  PumpFixture f;
  f.Put(1);
  f.Put(1);
  f.first.Answer(absl::OkStatus());
  f.second.Answer(absl::OkStatus());
  CHECK(f.first.batches() == 1);
  f.Put(1);
  CHECK(f.committed == std::vector<int64_t>{1, 1});
  CHECK(f.first.batches() == 1);
}

TEST_CASE("an event that nobody can read is acknowledged in its turn", "[pump]") {
  PumpFixture f;
  f.Put(1);
  f.pump->Put(2, std::nullopt);
  CHECK(f.committed.empty());
  f.first.Answer(absl::OkStatus());
  f.second.Answer(absl::OkStatus());
  CHECK(f.committed == std::vector<int64_t>{1, 2});
}

TEST_CASE("an agent that never waits is stopped", "[pump]") {
  PumpFixture f;
  for (size_t i = 1; i <= EventPump::kMost; ++i) REQUIRE(f.Put(int64_t(i)));
  CHECK_FALSE(f.Put(int64_t(EventPump::kMost + 1)));
}

TEST_CASE("after the end nothing is begun or acknowledged", "[pump]") {
  PumpFixture f;
  f.Put(1);
  f.Put(2);
  f.pump->Stop();
  f.first.Answer(absl::OkStatus());
  f.second.Answer(absl::OkStatus());
  CHECK(f.first.batches() == 1);
  CHECK(f.committed.empty());
}

}  // namespace
}  // namespace cartwise::device
