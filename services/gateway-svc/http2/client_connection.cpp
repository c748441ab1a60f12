#include "http2/client_connection.hpp"

#include <algorithm>
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

ClientConnection::ClientConnection(http2::Socket socket, CallHost& host, OnEnd ended)
    : http2::ServerConnection(std::move(socket), host.limits, std::move(ended)),
      host_(host),
      peer_(http2::Session::socket().PeerAddress()),
      budget_(host.limits, began_at()) {}

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

std::shared_ptr<http2::CallStream> ClientConnection::NewStream() {
  return Call::Begin(host_, peer_);
}

}  // namespace cartwise::gateway
