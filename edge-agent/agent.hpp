#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <absl/status/status.h>

#include "cartwise/base/clock.hpp"
#include "config.hpp"
#include "core/event_journal.hpp"
#include "core/failpoints.hpp"
#include "core/lock_driver.hpp"
#include "core/order_book.hpp"
#include "core/session.hpp"
#include "core/upload_queue.hpp"
#include "linux/cloud.hpp"
#include "linux/control_link.hpp"
#include "linux/identity.hpp"
#include "linux/sqlite_event_store.hpp"
#include "linux/sqlite_order_store.hpp"
#include "linux/sqlite_upload_store.hpp"
#include "linux/thread_doorbell.hpp"
#include "linux/upload_link.hpp"

namespace cartwise::edge {

/// Everything of one agent, wired: the buses poll from the start, enrollment and
/// links follow as the cloud allows. Used by one thread.
class Agent {
 public:
  Agent(const Config& config, Diary& diary, Failpoints& failpoints);
  ~Agent();

  /// Starts the threads. An error when the saved identity is damaged or cannot be
  /// read: enrolling over it would look like a second claim of this device.
  absl::Status Start();
  /// Ends what runs, an order under way included, and waits for it.
  void Stop();

 private:
  struct BusKit;

  void Cloudward();
  bool Enroll();
  /// Returns once an identity could be saved. False when the agent ended meanwhile.
  bool AwaitDisk(Backoff& backoff);
  void TakeIdentity(const Identity& identity);
  /// Changes it on disk and in use. One at a time.
  void ChangeIdentity(const std::function<void(Identity&)>& change);
  /// Saves what is in use. False when the disk does not take it.
  bool SaveKnown();
  void SaveWhatIsUnsaved();
  /// With changing_ held.
  bool Save(const Identity& identity);
  void TakeOrderKeys(const VouchedOrderKeys& keys);
  Identity Known() const;
  std::string Token() const;
  void Configure(const std::vector<BoardConfig>& boards);
  void FlushLoop();
  /// The event journal tells of its own.
  void TellOfLosses();
  void HealthLoop();
  void RotateTokenWhenDue();
  /// False when the agent ended meanwhile.
  bool Pause(absl::Duration duration);

  const Config config_;
  Diary& diary_;
  const SystemClock clock_;
  StateFiles files_;
  SqliteEventStore event_store_;
  SqliteOrderStore order_store_;
  SqliteUploadStore upload_store_;
  ThreadDoorbell control_bell_, writer_bell_, upload_bell_, health_bell_, enroll_bell_;
  PinnedOrderKeys keys_;
  OrderBook book_;
  EventJournal journal_;
  UploadQueue uploads_;
  LockDriver locks_;
  Session session_;
  Cloud cloud_;
  ControlLink control_;
  UploadLink upload_;
  std::vector<std::unique_ptr<BusKit>> buses_;
  std::vector<std::thread> threads_;

  std::mutex changing_;   ///< held while the identity is changed
  bool unsaved_ = false;  ///< the disk has not taken the identity in use; by changing_
  mutable std::mutex mutex_;
  Identity identity_;  ///< no device before the enrollment
  std::optional<std::vector<BoardConfig>> configured_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace cartwise::edge
