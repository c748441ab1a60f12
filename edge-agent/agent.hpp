#pragma once

#include <atomic>
#include <memory>
#include <mutex>
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

/// Everything of one agent, wired: the buses poll from the start, enrolment and
/// links follow as the cloud allows.
class Agent {
 public:
  Agent(const Config& config, const std::string& ca_pem, Diary& diary, Failpoints& failpoints);
  ~Agent();

  /// Serves until Stop().
  void Run();
  /// Thread-safe.
  void Stop();

 private:
  struct BusKit;

  std::optional<Identity> LoadIdentity();
  bool Enrol();
  void TakeIdentity(const Identity& identity);
  std::string Token() const;
  void Configure(const std::vector<BoardConfig>& boards);
  void FlushLoop();
  void HealthLoop();
  void RotateTokenWhenDue();

  const Config config_;
  Diary& diary_;
  const SystemClock clock_;
  StateFiles files_;
  SqliteEventStore event_store_;
  SqliteOrderStore order_store_;
  SqliteUploadStore upload_store_;
  ThreadDoorbell control_bell_, writer_bell_, upload_bell_, health_bell_;
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

  mutable std::mutex mutex_;
  Identity identity_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace cartwise::edge
