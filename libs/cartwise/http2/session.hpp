#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <nghttp2/nghttp2.h>

#include "cartwise/http2/call_stream.hpp"
#include "cartwise/http2/limits.hpp"
#include "cartwise/http2/session_memory.hpp"
#include "cartwise/http2/socket.hpp"

namespace cartwise::http2 {

/// One HTTP/2 connection: moves bytes between a socket and nghttp2 and tells
/// streams what came. Everything happens on the thread of the socket's event
/// loop. Flow control is by hand: bytes of a stream count against its window
/// until CallStream::Consume; those of the connection are given back at once, so
/// that one stream that nobody reads does not hold up the others.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Clock = std::chrono::steady_clock;

  Session(Socket socket, const Limits& limits);
  virtual ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Shakes hands and goes on by itself.
  void Begin();
  /// Ends it at once; its streams hear of it.
  void Close(std::string_view why);
  bool closed() const { return closed_; }

  /// Ends it when it is silent, stuck, or does not get to know us.
  virtual void Sweep(Clock::time_point now);

  /// What streams ask for; nothing happens once it is closed.
  void Respond(int32_t id, const Headers& head, bool last);
  void Resume(int32_t id);
  void Cancel(int32_t id);
  void Consume(int32_t id, size_t bytes);

 protected:
  /// The handshake is over: makes `session_` and submits its settings.
  virtual void OnOpen() = 0;
  /// It is closed; called once, from the event loop.
  virtual void OnClosed(std::string_view why) = 0;
  /// Before each frame's contents; false ends the connection as a flood.
  virtual bool OnFrameBegins(const nghttp2_frame_hd& /*frame*/) { return true; }
  /// A frame that breaks the rules of its stream, which is reset; false as above.
  virtual bool OnInvalidFrame() { return true; }
  virtual void OnGoaway() {}
  /// The peer begins a stream; null refuses it.
  virtual std::shared_ptr<CallStream> NewStream() { return nullptr; }
  virtual void OnStreamClosed() {}

  void MakeNative(bool server);
  /// Begins a stream towards the server; false when none can be begun.
  bool Request(const Headers& head, const std::shared_ptr<CallStream>& stream);
  /// Says that no new streams are taken; it closes by itself with the last one.
  void SayGoaway();
  /// Sends what is due, once per turn of the event loop.
  void WantFlush();

  nghttp2_session* native() { return native_; }
  const Limits& limits() const { return limits_; }
  const std::map<int32_t, std::shared_ptr<CallStream>>& streams() const { return streams_; }
  Clock::time_point heard_at() const { return heard_at_; }
  Clock::time_point began_at() const { return began_at_; }
  Socket& socket() { return socket_; }

 private:
  friend struct SessionCallbacks;

  void Wait();
  void OnReady();
  bool FinishHandshake();
  void ReadSome();
  void Flush();
  std::optional<size_t> WriteSome(std::string_view bytes);
  bool WriteUnsent();
  bool FillUnsent();
  CallStream* Find(int32_t id);

  Socket socket_;
  const Limits& limits_;
  SessionMemory memory_;
  nghttp2_session* native_ = nullptr;
  std::map<int32_t, std::shared_ptr<CallStream>> streams_;
  std::string unsent_;  ///< what the socket did not take; nothing is made meanwhile
  Clock::time_point began_at_, heard_at_, sent_at_;
  bool open_ = false;
  bool closed_ = false;
  bool waits_read_ = false;
  bool waits_write_ = false;
  bool flush_due_ = false;
  bool pinged_ = false;
  bool heard_settings_ = false;
  bool flooded_ = false;
  bool frames_used_ = false;  ///< since their memory was given back
};

}  // namespace cartwise::http2
