#include "api/link_registry.hpp"

#include <utility>

#include "api/control_stream.hpp"

namespace cartwise::device {

std::shared_ptr<Link> LinkRegistry::Find(const DeviceId& device) const {
  return FindStream(device);
}

std::shared_ptr<ControlStream> LinkRegistry::FindStream(const DeviceId& device) const {
  std::lock_guard lock(mutex_);
  const auto found = by_device_.find(device);
  return found == by_device_.end() ? nullptr : found->second;
}

void LinkRegistry::Watch(const std::shared_ptr<ControlStream>& stream) {
  std::lock_guard lock(mutex_);
  watched_.emplace(stream.get(), stream);
}

void LinkRegistry::Unwatch(const ControlStream* stream) {
  std::shared_ptr<ControlStream> last;  // dies outside the lock
  std::lock_guard lock(mutex_);
  const auto found = watched_.find(stream);
  if (found == watched_.end()) return;
  last = std::move(found->second);
  watched_.erase(found);
}

std::vector<std::shared_ptr<ControlStream>> LinkRegistry::Watched() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<ControlStream>> all;
  all.reserve(watched_.size());
  for (const auto& [raw, stream] : watched_) all.push_back(stream);
  return all;
}

std::vector<std::shared_ptr<ControlStream>> LinkRegistry::All() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<ControlStream>> all;
  all.reserve(by_device_.size());
  for (const auto& [device, stream] : by_device_) all.push_back(stream);
  return all;
}

int LinkRegistry::Connected() const {
  std::lock_guard lock(mutex_);
  return int(by_device_.size());
}

std::shared_ptr<ControlStream> LinkRegistry::Put(const DeviceId& device,
                                                 const std::shared_ptr<ControlStream>& stream) {
  std::lock_guard lock(mutex_);
  return std::exchange(by_device_[device], stream);
}

void LinkRegistry::Remove(const DeviceId& device, const ControlStream* stream) {
  std::shared_ptr<ControlStream> last;  // dies outside the lock
  std::lock_guard lock(mutex_);
  const auto found = by_device_.find(device);
  if (found == by_device_.end() || found->second.get() != stream) return;
  last = std::move(found->second);
  by_device_.erase(found);
}

}  // namespace cartwise::device
