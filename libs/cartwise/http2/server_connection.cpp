#include "cartwise/http2/server_connection.hpp"

#include <iterator>
#include <utility>

namespace cartwise::http2 {

ServerConnection::ServerConnection(Socket socket, const Limits& limits, OnEnd ended)
    : Session(std::move(socket), limits), ended_(std::move(ended)), idle_since_(began_at()) {}

void ServerConnection::OnOpen() {
  MakeNative(true);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, 0},
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits().streams},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(limits().header_bytes)},
  };
  nghttp2_submit_settings(native(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
  if (draining_) SayGoaway();
}

void ServerConnection::OnStreamClosed() {
  if (streams().empty()) idle_since_ = Clock::now();
}

void ServerConnection::Sweep(Clock::time_point now) {
  Session::Sweep(now);
  if (closed()) return;
  if (streams().empty() && now - idle_since_ > limits().idle_time) return Drain();
  for (const auto& [id, stream] : streams()) {
    const bool shut = now - stream->StuckSince(now) > limits().stall_time;
    const bool owes = now - stream->OwesSince().value_or(now) > limits().handshake_time;
    const bool slow = now - stream->OverSince(now) > limits().answer_time;
    if (shut || owes || slow) stream->Cancel();
  }
}

ServerConnection::Clock::time_point ServerConnection::IdleSince(Clock::time_point now) const {
  for (const auto& [id, stream] : streams()) {
    if (stream->busy()) return now;
  }
  return idle_since_;
}

void ServerConnection::Drain() {
  draining_ = true;
  if (closed()) return;
  for (const auto& [id, stream] : streams()) stream->OnDrain();
  SayGoaway();
}

}  // namespace cartwise::http2
