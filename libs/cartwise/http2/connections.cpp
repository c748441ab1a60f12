#include "cartwise/http2/connections.hpp"

#include <algorithm>

namespace cartwise::http2 {

void OpenCount::Add() {
  const std::lock_guard lock(mutex_);
  ++open_;
}

void OpenCount::Remove() {
  const std::lock_guard lock(mutex_);
  if (--open_ == 0) none_.notify_all();
}

bool OpenCount::WaitUntilNone(absl::Duration patience) {
  std::unique_lock lock(mutex_);
  return none_.wait_for(lock, absl::ToChronoNanoseconds(patience), [this] { return open_ == 0; });
}

void Connections::Begin(const std::shared_ptr<ServerConnection>& connection) {
  all_.insert(connection);
  count_.Add();
  connection->Begin();
}

void Connections::Remove(ServerConnection& connection) {
  all_.erase(std::static_pointer_cast<ServerConnection>(connection.shared_from_this()));
  count_.Remove();
}

void Connections::Sweep(Session::Clock::time_point now) {
  // A copy, here and below, since a connection that ends leaves the set.
  const auto all = all_;
  for (const auto& connection : all) connection->Sweep(now);
}

bool Connections::MakeRoom() {
  const auto now = Session::Clock::now();
  const auto longest = std::min_element(
      all_.begin(), all_.end(),
      [&](const auto& a, const auto& b) { return a->IdleSince(now) < b->IdleSince(now); });
  if (longest == all_.end() || (*longest)->IdleSince(now) == now) return false;
  const auto connection = *longest;
  connection->Close("gives way");
  return true;
}

void Connections::Drain() {
  draining_ = true;
  const auto all = all_;
  for (const auto& connection : all) connection->Drain();
}

void Connections::Close(std::string_view why) {
  const auto all = all_;
  for (const auto& connection : all) connection->Close(why);
}

}  // namespace cartwise::http2
