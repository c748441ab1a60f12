#include "http2/client_connection.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cartwise::gateway {
namespace {

/// Frames of ours that wait to be sent; those of all streams of an honest client
/// are far fewer.
constexpr size_t kMostQueued = 2000;

}  // namespace

bool FrameBudget::Spend(TimePoint now) {
  const double seconds = std::chrono::duration<double>(now - at_).count();
  left_ = std::min<double>(limits_.frames_burst, left_ + seconds * limits_.frames_per_second);
  at_ = now;
  left_ -= 1;
  return left_ >= 0;
}

ClientConnection::ClientConnection(Socket socket, CallHost& host, OnEnd ended)
    : Session(std::move(socket), host.limits),
      host_(host),
      ended_(std::move(ended)),
      peer_(Session::socket().PeerAddress()),
      budget_(host.limits, began_at()),
      idle_since_(began_at()) {}

void ClientConnection::OnOpen() {
  MakeNative(true);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits().streams},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(limits().header_bytes)},
  };
  nghttp2_submit_settings(native(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
  if (host_.draining) SayGoaway();
}

bool ClientConnection::OnFrameBegins(const nghttp2_frame_hd& frame) {
  // Refusals wait there for a client that asks on and does not read.
  if (nghttp2_session_get_outbound_queue_size(native()) > kMostQueued) return false;
  switch (frame.type) {
    case NGHTTP2_DATA:
      if (frame.length > 0 || (frame.flags & NGHTTP2_FLAG_END_STREAM) != 0) return true;
      break;
    case NGHTTP2_SETTINGS:
    case NGHTTP2_PING:
      if ((frame.flags & NGHTTP2_FLAG_ACK) != 0) return true;
      break;
    case NGHTTP2_HEADERS:
      // One more than agreed is refused, which is work for nothing.
      if (streams().size() < limits().streams) return true;
      break;
    case NGHTTP2_RST_STREAM:
    case NGHTTP2_PRIORITY:
      break;
    default:
      return true;
  }
  return budget_.Spend(heard_at());
}

std::shared_ptr<CallStream> ClientConnection::NewStream() {
  return Call::Begin(host_, peer_);
}

void ClientConnection::OnStreamClosed() {
  if (streams().empty()) idle_since_ = Clock::now();
}

void ClientConnection::Sweep(Clock::time_point now) {
  Session::Sweep(now);
  if (closed()) return;
  if (streams().empty() && now - idle_since_ > limits().idle_time) return Drain();
  for (const auto& [id, stream] : streams()) {
    const bool shut = now - stream->StuckSince(now) > limits().stall_time;
    const bool owes = now - stream->OwesSince().value_or(now) > limits().handshake_time;
    const bool slow = now - stream->OverSince(now) > limits().answer_time;
    if (shut || owes || slow) stream->Reset(NGHTTP2_CANCEL);
  }
}

ClientConnection::Clock::time_point ClientConnection::IdleSince(Clock::time_point now) {
  for (const auto& [id, stream] : streams()) {
    if (stream->busy()) return now;
  }
  return idle_since_;
}

void ClientConnection::Drain() {
  if (closed()) return;
  for (const auto& [id, stream] : streams()) stream->OnDrain();
  SayGoaway();
}

}  // namespace cartwise::gateway
