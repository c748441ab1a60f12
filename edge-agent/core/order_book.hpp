#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cartwise/base/clock.hpp"
#include "core/diary.hpp"
#include "core/doorbell.hpp"
#include "core/driver.hpp"
#include "core/failpoints.hpp"
#include "core/order_store.hpp"

namespace cartwise::edge {

/// Decides which orders are begun, at most once each, and keeps their ends
/// until the cloud has them. Thread-safe.
///
/// An order is begun when its signature is the cloud's, it names this device,
/// this chain and the running epoch, its sequence is new, its id was never
/// seen, a driver knows its kind and its deadline lies ahead. A full disk stops
/// none of this: intents and results then live in memory, which is as long as
/// the epoch lives.
class OrderBook final : public OrderLedger {
 public:
  static constexpr size_t kRemembered = 1000;

  /// `sender` is rung when there is a result to send.
  struct Tools {
    OrderStore& store;
    const OrderVerifier& verifier;
    const Clock& clock;
    Diary& diary;
    Doorbell& sender;
    Failpoints& failpoints;
  };

  OrderBook(Tools tools, std::string epoch);

  /// Drivers are added before the first Offer and outlive the book.
  void Add(Driver& driver);
  /// Takes up what earlier lives left: an intent without an end is UNKNOWN
  /// (INTERRUPTED), and drivers are told what may have acted. Call before the first Offer, and
  /// again until recovered().
  void Recover();
  bool recovered() const;
  /// Whose orders to take. Until then none are.
  void SetOwner(DeviceId device, ChainId chain);

  /// An order from the stream.
  void Offer(const SignedOrder& order);

  void Intend(const CommandId& id) override;
  void Proving(const CommandId& id) override;
  void Finish(const CommandResult& result) override;

  /// A new stream begins; orders begun before it are older.
  void BeginStream();
  /// True while an order of an older stream has not ended.
  bool OlderRunning() const;
  /// Results to send that are not in `sent`, oldest first.
  std::optional<CommandResult> NextResult(const std::set<CommandId>& sent) const;
  /// An order whose end is near and was not told yet, once.
  std::optional<CommandId> TakeProving();
  /// True while the cloud has not committed this result.
  bool Waiting(const CommandId& id) const;
  void ResultCommitted(const CommandId& id);

  const std::string& epoch() const { return epoch_; }
  int64_t last_seq() const;

 private:
  enum class Phase { kRunning, kEnded, kSettled };
  struct Entry {
    Phase phase = Phase::kRunning;
    int64_t stream = 0;
    Order order;
    CommandResult result;
  };

  std::optional<Refusal> Check(const SignedOrder& order);
  bool Known(const CommandId& id);
  void Keep(const CommandResult& result);
  void Say(const CommandResult& result);
  Driver* DriverOf(const Order& order);

  const Tools tools_;
  const std::string epoch_;
  std::vector<Driver*> drivers_;

  mutable std::mutex mutex_;
  DeviceId device_;
  ChainId chain_;
  bool recovered_ = false;
  bool told_of_disk_ = false;
  int64_t last_seq_ = 0;
  int64_t stream_ = 0;
  std::map<CommandId, Entry> entries_;
  std::deque<CommandId> proving_;  ///< running, not told yet
  std::deque<CommandId> ended_;    ///< unsettled results, in order
  std::deque<CommandId> settled_;  ///< oldest first
};

}  // namespace cartwise::edge
