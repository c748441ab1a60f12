#include "domain/waiters.hpp"

#include <condition_variable>
#include <utility>

namespace cartwise::device {

struct Waiters::Ticket::Seat {
  const DeviceKey device;
  const TellWhen tell;
  std::mutex mutex;
  std::condition_variable called;
  std::optional<Outcome> outcome;
  bool poked = false;
  bool proving = false, told_proving = false;

  /// An agent speaks for its own device alone.
  bool Hears(const DeviceKey& speaker) const {
    return tell == TellWhen::kSaid && device == speaker;
  }
};

Waiters::Ticket::Ticket(Waiters& waiters, CommandId id, DeviceKey device, TellWhen tell)
    : waiters_(waiters), id_(std::move(id)), seat_(new Seat{std::move(device), tell}) {
  std::lock_guard lock(waiters_.mutex_);
  waiters_.seats_.emplace(id_, seat_);
}

Waiters::Ticket::~Ticket() {
  std::lock_guard lock(waiters_.mutex_);
  auto [begin, end] = waiters_.seats_.equal_range(id_);
  for (auto it = begin; it != end; ++it) {
    if (it->second == seat_) {
      waiters_.seats_.erase(it);
      return;
    }
  }
}

std::optional<Outcome> Waiters::Ticket::Wait(absl::Duration most,
                                             absl::FunctionRef<void()> proving) {
  const auto until = std::chrono::steady_clock::now() +
                     absl::ToChronoMicroseconds(std::max(most, absl::ZeroDuration()));
  // Once: an agent that repeats it costs nobody more.
  const auto near = [this] { return seat_->proving && !seat_->told_proving; };
  const auto called = [&] { return seat_->outcome || seat_->poked || near(); };
  std::unique_lock lock(seat_->mutex);
  while (seat_->called.wait_until(lock, until, called) && !seat_->outcome && near()) {
    seat_->told_proving = true;
    lock.unlock();
    proving();
    lock.lock();
  }
  seat_->poked = false;
  return seat_->outcome;
}

bool Waiters::Expected(const CommandId& id) const {
  std::lock_guard lock(mutex_);
  return seats_.contains(id);
}

bool Waiters::AnyExpected() const {
  std::lock_guard lock(mutex_);
  return !seats_.empty();
}

template <typename Use>
void Waiters::ForEachSeat(const CommandId& id, Use use) {
  std::lock_guard lock(mutex_);
  auto [begin, end] = seats_.equal_range(id);
  for (auto it = begin; it != end; ++it) {
    std::lock_guard seat_lock(it->second->mutex);
    use(*it->second);
    it->second->called.notify_all();
  }
}

bool Waiters::Say(const CommandId& id, const DeviceKey& device, const Outcome& outcome) {
  bool heard = false;
  ForEachSeat(id, [&](Ticket::Seat& seat) {
    if (!seat.Hears(device)) return;
    seat.outcome = outcome;
    heard = true;
  });
  return heard;
}

void Waiters::SayProving(const CommandId& id, const DeviceKey& device) {
  ForEachSeat(id, [&](Ticket::Seat& seat) {
    if (seat.Hears(device)) seat.proving = true;
  });
}

void Waiters::Deliver(const CommandId& id, const Outcome& outcome) {
  ForEachSeat(id, [&](Ticket::Seat& seat) { seat.outcome = outcome; });
}

void Waiters::Poke(const CommandId& id) {
  ForEachSeat(id, [](Ticket::Seat& seat) { seat.poked = true; });
}

}  // namespace cartwise::device
