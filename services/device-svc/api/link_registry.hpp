#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "domain/links.hpp"

namespace cartwise::device {

class ControlStream;

/// The control streams that this process holds. Thread-safe.
class LinkRegistry final : public Links {
 public:
  std::shared_ptr<Link> Find(const DeviceId& device) const override;
  std::shared_ptr<ControlStream> FindStream(const DeviceId& device) const;

  /// Every stream from its first byte, for the clockwork that ends silent ones.
  void Watch(const std::shared_ptr<ControlStream>& stream);
  void Unwatch(const ControlStream* stream);
  std::vector<std::shared_ptr<ControlStream>> Watched() const;
  /// Those that were welcomed and have not ended.
  std::vector<std::shared_ptr<ControlStream>> All() const;
  int Connected() const;

  /// From now on no stream is admitted.
  void Close() { closed_ = true; }
  bool closed() const { return closed_; }

  /// Makes this the device's stream; answers the one it replaces.
  std::shared_ptr<ControlStream> Put(const DeviceId& device,
                                     const std::shared_ptr<ControlStream>& stream);
  /// Unless another one took its place.
  void Remove(const DeviceId& device, const ControlStream* stream);

 private:
  std::atomic<bool> closed_ = false;
  mutable std::mutex mutex_;
  std::unordered_map<const ControlStream*, std::shared_ptr<ControlStream>> watched_;
  std::unordered_map<DeviceId, std::shared_ptr<ControlStream>> by_device_;
};

}  // namespace cartwise::device
