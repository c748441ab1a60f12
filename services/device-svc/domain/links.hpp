#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "domain/agent_clock.hpp"
#include "domain/command.hpp"
#include "domain/store.hpp"

namespace cartwise::device {

/// One command on its way to an agent.
struct Order {
  CommandId command;
  DeviceKey device;
  std::string agent_epoch;
  int64_t seq = 0;
  int64_t not_after_ms = 0;  ///< in the agent's CLOCK_BOOTTIME
  std::string kind;
  std::string arguments;  ///< a JSON object

  bool operator==(const Order&) const = default;
};

/// Port: the open control stream of a device, held by this process. Thread-safe.
class Link {
 public:
  virtual ~Link() = default;

  virtual const ChainId& chain() const = 0;
  virtual const StreamId& stream() const = 0;
  virtual const std::string& agent_epoch() const = 0;
  virtual ClockSample clock_sample() const = 0;
  /// Held from numbering an order until it is handed to the wire: the agent
  /// refuses what does not come in rising sequence.
  virtual std::timed_mutex& turn() = 0;
  /// Signs the order that comes next, whatever its sequence says, so that Send of the very same
  /// one only writes. With the turn held.
  virtual void Prepare(Order order) = 0;
  /// Signs and writes. False when the stream is over: then nothing was written.
  virtual bool Send(const Order& order) = 0;
  /// Ends the stream; the agent connects anew and tells what it has accepted.
  virtual void Drop(const std::string& why) = 0;
};

/// Port: all of them. Thread-safe.
class Links {
 public:
  virtual ~Links() = default;
  /// Null when this process holds no stream of the device.
  virtual std::shared_ptr<Link> Find(const DeviceId& device) const = 0;
};

}  // namespace cartwise::device
