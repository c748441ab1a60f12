#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <grpcpp/channel.h>

#include "api/lanes.hpp"
#include "cartwise/events/v1/event.grpc.pb.h"
#include "domain/watch.hpp"

namespace cartwise::device {

/// Somebody who takes events. Outlives every pump. Thread-safe.
class EventTaker {
 public:
  using Done = std::function<void(absl::Status)>;

  virtual ~EventTaker() = default;
  virtual const std::string& name() const = 0;
  /// How long the first event waits for others to go with it. Who lets them wait keeps a record,
  /// and decides nothing by them.
  virtual absl::Duration gather() const { return absl::ZeroDuration(); }
  /// Answers by `done`, from any thread, also before this returns. OK when all
  /// of them are committed.
  virtual void Take(std::shared_ptr<const events::v1::DeliverRequest> batch, Done done) = 0;
};

/// EventSinkService of another service.
class RemoteTaker final : public EventTaker {
 public:
  RemoteTaker(std::string name, const std::shared_ptr<grpc::Channel>& channel,
              absl::Duration gather = absl::ZeroDuration())
      : name_(std::move(name)),
        gather_(gather),
        stub_(events::v1::EventSinkService::NewStub(channel)) {}
  const std::string& name() const override { return name_; }
  absl::Duration gather() const override { return gather_; }
  void Take(std::shared_ptr<const events::v1::DeliverRequest> batch, Done done) override;

 private:
  const std::string name_;
  const absl::Duration gather_;
  const std::unique_ptr<events::v1::EventSinkService::Stub> stub_;
};

/// Carries the events of one agent's stream to every taker: in order, each at its
/// own pace, so that one that hangs delays none of the others. What a taker
/// refuses for good (INVALID_ARGUMENT) is skipped alone and complained about:
/// it would hold up everything behind it for ever. Thread-safe.
class EventPump : public std::enable_shared_from_this<EventPump> {
 public:
  /// More than this many at once are refused; an agent keeps 500 under way.
  static constexpr size_t kMost = 2000;

  struct Parts {
    const std::vector<EventTaker*>& takers;
    Lanes& timer;
    Watch& watch;
    DeviceId device;
    /// Every taker has committed everything up to this journal sequence.
    std::function<void(int64_t)> committed;
  };
  explicit EventPump(Parts parts);

  /// Takes an event of the journal; nullopt for one that nobody can read, which
  /// is only acknowledged. A repeated sequence is carried once. False when too
  /// many are waiting.
  bool Put(int64_t journal_seq, std::optional<events::v1::Event> event);
  /// Runs `then` as soon as every taker that decides has committed what was put before, in
  /// place of what waits for that already.
  void WhenDecided(std::function<void()> then);
  /// Nothing more is begun or acknowledged.
  void Stop();

 private:
  struct Entry {
    int64_t seq = 0;
    std::optional<events::v1::Event> event;
  };
  struct Progress {
    int64_t next = 0;  // counted from the first event of the stream
    bool busy = false;
    int limit = 500;
    absl::Duration backoff;
  };

  void Pump(size_t taker);
  void HandAfter(size_t taker, absl::Duration wait);
  void Hand(size_t taker);
  void Finished(size_t taker, int64_t count, const absl::Status& status);
  void Advance(std::unique_lock<std::mutex> lock);
  std::function<void()> TakeDecided();

  const Parts parts_;
  std::mutex mutex_;
  bool stopped_ = false;
  std::vector<Entry> queue_;
  int64_t first_ = 0;  // number of the front of the queue
  int64_t highest_seq_ = 0;
  int64_t committed_seq_ = 0;
  std::vector<Progress> progress_;
  std::function<void()> when_decided_;
  int64_t decided_before_ = 0;  // when all up to there are
};

}  // namespace cartwise::device
