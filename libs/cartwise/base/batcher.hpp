#pragma once

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/refusals.hpp"

namespace cartwise {

/// Lets threads that want the same kind of thing share one doing of it, such as one
/// statement and its commit. Who comes while nothing runs is done at once and alone; who
/// comes meanwhile waits and is done with all others that came, by one of them. What fails in
/// company is done again alone, so nobody fails by another's fault; but not for UNAVAILABLE
/// and DEADLINE_EXCEEDED, which would come to each of them in turn while all others wait.
/// Whoever has not begun to be done by their deadline is refused with UNAVAILABLE (DATABASE_BUSY).
/// Those of different keys (tenants, say) know nothing of each other. `Answer` is a Status or a
/// StatusOr. Thread-safe.
template <typename Item, typename Answer>
class Batcher {
 public:
  /// Does the items, at least one, and answers for each of them in their order. An
  /// exception is INTERNAL for all of them.
  using Work =
      std::function<std::vector<Answer>(const std::string& key, std::span<const Item* const>)>;

  /// `most` items share a doing.
  Batcher(size_t most, Work work) : most_(most), work_(std::move(work)) {}

  Answer Do(const std::string& key, const Item& item, absl::Time deadline) {
    Waiting mine{.item = &item};
    std::unique_lock lock(mutex_);
    const auto [queue, first] = queues_.try_emplace(key);
    queue->second.push_back(&mine);
    const auto its_turn = [&mine] { return mine.answer || mine.leads; };
    if (!first && !mine.turn.wait_until(lock, absl::ToChronoTime(deadline), its_turn)) {
      if (std::erase(queue->second, &mine) > 0) return errors::DatabaseBusy();
      mine.turn.wait(lock, its_turn);
    }
    if (!mine.answer) Lead(lock, queue);
    return *std::move(mine.answer);
  }

  /// How many wait under the key for the next doing.
  size_t waiting(const std::string& key) {
    std::lock_guard lock(mutex_);
    const auto queue = queues_.find(key);
    return queue == queues_.end() ? 0 : queue->second.size();
  }

 private:
  struct Waiting {
    const Item* item;
    std::optional<Answer> answer;
    bool leads = false;
    std::condition_variable turn;
  };
  /// A key's queue is there as long as somebody leads it; the leader stands first.
  using Queues = std::map<std::string, std::vector<Waiting*>>;

  void Lead(std::unique_lock<std::mutex>& lock, typename Queues::iterator of_key) {
    std::vector<Waiting*>& queue = of_key->second;
    const auto end = queue.begin() + std::min(most_, queue.size());
    const std::vector<Waiting*> batch(queue.begin(), end);
    queue.erase(queue.begin(), end);
    std::vector<const Item*> items;
    items.reserve(batch.size());
    for (const Waiting* each : batch) items.push_back(each->item);

    lock.unlock();
    std::vector<Answer> answers = DoAll(of_key->first, items);
    for (size_t i = 0; items.size() > 1 && i < items.size(); ++i) {
      if (MayBeAnothersFault(answers[i])) answers[i] = DoAll(of_key->first, {&items[i], 1}).front();
    }
    lock.lock();

    for (size_t i = 0; i < batch.size(); ++i) {
      batch[i]->answer = std::move(answers[i]);
      batch[i]->turn.notify_one();
    }
    if (queue.empty()) {
      queues_.erase(of_key);
    } else {
      queue.front()->leads = true;
      queue.front()->turn.notify_one();
    }
  }

  // A leader that never came back would leave the others to wait for ever.
  std::vector<Answer> DoAll(const std::string& key, std::span<const Item* const> items) {
    absl::Status thrown;
    try {
      return work_(key, items);
    } catch (const std::exception& error) {
      thrown = absl::InternalError(std::string("exception: ") + error.what());
    } catch (...) {
      thrown = absl::InternalError("exception of unknown type");
    }
    return std::vector<Answer>(items.size(), Answer(thrown));
  }

  static bool MayBeAnothersFault(const absl::Status& status) {
    return !status.ok() && !absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status);
  }
  template <typename T>
  static bool MayBeAnothersFault(const absl::StatusOr<T>& answer) {
    return MayBeAnothersFault(answer.status());
  }

  const size_t most_;
  const Work work_;
  std::mutex mutex_;
  Queues queues_;
};

}  // namespace cartwise
