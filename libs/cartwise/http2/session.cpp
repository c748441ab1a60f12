#include "cartwise/http2/session.hpp"

#include <array>
#include <utility>

#include <boost/asio/post.hpp>

#include "cartwise/http2/session_callbacks.hpp"

namespace cartwise::http2 {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Of TLS and of HTTP/2 the largest piece.
constexpr size_t kPiece = 16 * 1024;
/// Others wait on the same thread.
constexpr int kReadsPerTurn = 4;

/// Used within one call and by one connection at a time, so one per thread is enough.
std::array<char, kPiece>& ReadBuffer() {
  static thread_local std::array<char, kPiece> buffer;
  return buffer;
}

std::string& WriteBuffer() {
  static thread_local std::string buffer;
  buffer.clear();
  return buffer;
}

}  // namespace

Session::Session(Socket socket, const Limits& limits)
    : socket_(std::move(socket)),
      limits_(limits),
      began_at_(Clock::now()),
      heard_at_(began_at_),
      sent_at_(began_at_) {}

Session::~Session() {
  nghttp2_session_del(native_);
}

void Session::Begin() {
  OnReady();
}

void Session::Close(std::string_view why) {
  if (std::exchange(closed_, true)) return;
  const auto self = shared_from_this();
  socket_.Close();
  for (auto& [id, stream] : std::exchange(streams_, {})) {
    stream->Detach();
    stream->OnClose(CallStream::kLost);
  }
  OnClosed(why);
}

void Session::Sweep(Clock::time_point now) {
  if (closed_) return;
  if (!open_ || !heard_settings_) {
    if (now - began_at_ > limits_.handshake_time) Close("no handshake");
    return;
  }
  if (!unsent_.empty() && now - sent_at_ > limits_.stall_time) return Close("takes nothing");
  if (now - heard_at_ > limits_.silence) return Close("silent");
  // Most connections are quiet most of the time.
  const bool quiet = unsent_.empty() && nghttp2_session_want_write(native_) == 0;
  if (quiet && std::exchange(frames_used_, false)) memory_.GiveBackFrames();
  if (!pinged_ && now - heard_at_ > limits_.ping_after) {
    pinged_ = true;
    nghttp2_submit_ping(native_, NGHTTP2_FLAG_NONE, nullptr);
    WantFlush();
  }
}

void Session::MakeNative(bool server) {
  native_ = NewNativeSession(*this, memory_, server, limits_);
}

void Session::Respond(int32_t id, const Headers& head, bool last) {
  if (closed_) return;
  const auto fields = NativeHeaders(head);
  nghttp2_data_provider provider = StreamData();
  nghttp2_submit_response(native_, id, fields.data(), fields.size(), last ? nullptr : &provider);
  WantFlush();
}

bool Session::Request(const Headers& head, const std::shared_ptr<CallStream>& stream) {
  if (closed_ || !open_) return false;
  const auto fields = NativeHeaders(head);
  nghttp2_data_provider provider = StreamData();
  const int32_t id = nghttp2_submit_request(native_, nullptr, fields.data(), fields.size(),
                                            &provider, stream.get());
  if (id < 0) {
    // A connection has ids for a thousand million calls; the next one has them again.
    OnGoaway();
    return false;
  }
  streams_[id] = stream;
  stream->Attach(*this, id);
  WantFlush();
  return true;
}

void Session::Resume(int32_t id) {
  if (closed_) return;
  nghttp2_session_resume_data(native_, id);
  WantFlush();
}

void Session::Cancel(int32_t id) {
  if (closed_) return;
  nghttp2_submit_rst_stream(native_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
  WantFlush();
}

void Session::Consume(int32_t id, size_t bytes) {
  if (closed_ || bytes == 0) return;
  nghttp2_session_consume_stream(native_, id, bytes);
  WantFlush();
}

void Session::SayGoaway() {
  if (closed_ || native_ == nullptr) return;
  nghttp2_submit_goaway(native_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(native_), NGHTTP2_NO_ERROR, nullptr,
                        0);
  WantFlush();
}

void Session::WantFlush() {
  if (closed_ || std::exchange(flush_due_, true)) return;
  asio::post(socket_.tcp().get_executor(), [self = shared_from_this()] { self->Flush(); });
}

void Session::Wait() {
  if (closed_) return;
  if (!std::exchange(waits_read_, true)) {
    socket_.tcp().async_wait(Socket::Tcp::wait_read, [self = shared_from_this()](error_code fault) {
      self->waits_read_ = false;
      if (!fault) self->OnReady();
    });
  }
  const bool blocked = socket_.wants_write() || !unsent_.empty();
  if (blocked && !std::exchange(waits_write_, true)) {
    socket_.tcp().async_wait(Socket::Tcp::wait_write,
                             [self = shared_from_this()](error_code fault) {
                               self->waits_write_ = false;
                               if (!fault) self->OnReady();
                             });
  }
}

void Session::OnReady() {
  if (closed_) return;
  if (!open_ && !FinishHandshake()) return Wait();
  ReadSome();
  Flush();
}

bool Session::FinishHandshake() {
  const ssize_t result = socket_.Handshake();
  if (result == Socket::kOver) Close("handshake refused");
  if (result < 0) return false;
  open_ = true;
  OnOpen();
  return !closed_;
}

void Session::ReadSome() {
  auto& buffer = ReadBuffer();
  for (int i = 0; i < kReadsPerTurn && !closed_ && !flooded_; ++i) {
    const ssize_t count = socket_.Read(buffer.data(), buffer.size());
    if (count == Socket::kLater) return;
    if (count == Socket::kOver) return Close("left");
    heard_at_ = Clock::now();
    pinged_ = false;
    const ssize_t used = nghttp2_session_mem_recv(
        native_, reinterpret_cast<const uint8_t*>(buffer.data()), static_cast<size_t>(count));
    if (used < 0) return Close(nghttp2_strerror(static_cast<int>(used)));
  }
}

void Session::Flush() {
  flush_due_ = false;
  if (closed_ || !open_) return;
  while (WriteUnsent() && FillUnsent()) {
  }
  if (closed_) return;
  const bool over = nghttp2_session_want_read(native_) == 0 &&
                    nghttp2_session_want_write(native_) == 0 && unsent_.empty();
  if (flooded_) return Close("flood");
  if (over) return Close("ended");
  Wait();
}

/// How much of it the socket takes now; nothing when the connection has ended.
std::optional<size_t> Session::WriteSome(std::string_view bytes) {
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = socket_.Write(bytes.data() + written, bytes.size() - written);
    if (count == Socket::kOver) {
      Close("left");
      return std::nullopt;
    }
    if (count == Socket::kLater) break;
    written += static_cast<size_t>(count);
  }
  return written;
}

/// False when the socket takes no more now.
bool Session::WriteUnsent() {
  const std::optional<size_t> written = WriteSome(unsent_);
  if (!written) return false;
  if (*written > 0) sent_at_ = Clock::now();
  if (*written < unsent_.size()) {
    unsent_.erase(0, *written);
    return false;
  }
  std::string().swap(unsent_);
  return true;
}

/// Makes the next piece and sends it; false when there is nothing to send, or
/// the socket did not take it all.
bool Session::FillUnsent() {
  std::string& piece = WriteBuffer();
  while (piece.size() < kPiece) {
    const uint8_t* bytes = nullptr;
    const ssize_t count = nghttp2_session_mem_send(native_, &bytes);
    if (count < 0) {
      Close(nghttp2_strerror(static_cast<int>(count)));
      return false;
    }
    if (count == 0) break;
    piece.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(count));
  }
  if (piece.empty()) return false;
  frames_used_ = true;
  const std::optional<size_t> written = WriteSome(piece);
  if (!written) return false;
  if (*written == piece.size()) return true;
  sent_at_ = Clock::now();
  unsent_.assign(piece, *written);
  return false;
}

CallStream* Session::Find(int32_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

}  // namespace cartwise::http2
