#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cartwise::http2 {

class Session;
struct SessionCallbacks;

/// Names in lower case, in the order they travel.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// One HTTP/2 stream as one end of a call: what comes in is told to the derived
/// class, what goes out waits here until the peer's window and the socket take
/// it. Of its session's thread.
class CallStream {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  virtual ~CallStream() = default;

  virtual void OnHeader(std::string_view name, std::string_view value) = 0;
  /// The headers that came are complete; `last` when nothing follows them.
  virtual void OnHeaders(bool last) = 0;
  /// To be given back by Consume, so that more may come.
  virtual void OnData(std::string_view bytes) = 0;
  /// The peer sends no more.
  virtual void OnEnd() = 0;
  /// The stream is over; `error` is HTTP/2's, kLost for a connection that ended.
  virtual void OnClose(uint32_t error) = 0;
  /// So many bytes of what was written are on their way.
  virtual void OnTaken(size_t bytes) = 0;
  /// Since when the peer owes the rest of what it asks; nullopt when it does not.
  virtual std::optional<TimePoint> OwesSince() const { return std::nullopt; }
  /// Whether its connection is in use for it.
  virtual bool busy() const { return true; }
  /// The server is about to leave.
  virtual void OnDrain() {}

  static constexpr uint32_t kLost = 0xffffffff;

  /// Joins a stream of the session that the peer or Session::Request began.
  void Attach(Session& session, int32_t id) { session_ = &session, id_ = id; }
  void Detach() { session_ = nullptr; }
  bool attached() const { return session_ != nullptr; }

  /// Bytes to send, also before it is attached.
  void Write(std::string_view bytes);
  /// Nothing more after what was written but these trailers, if any.
  void Finish(Headers trailers = {});
  bool finished() const { return over_; }
  /// The head of an answer; `last` when it is all of it.
  void Respond(const Headers& head, bool last);
  void Consume(size_t bytes);
  /// Ends it before its time (CANCEL).
  void Cancel();

  /// As new, for another stream after the one that is over.
  void Renew();

  size_t waiting() const { return queue_.size() - taken_; }
  const std::string& queue() const { return queue_; }
  /// Since when bytes or trailers wait without one of them leaving; now when none wait.
  TimePoint StuckSince(TimePoint now) const { return waiting() == 0 && !over_ ? now : moved_at_; }
  /// Since when all that is to be sent is here; now when there may be more.
  TimePoint OverSince(TimePoint now) const { return over_ ? over_at_ : now; }

 private:
  friend struct SessionCallbacks;
  size_t Take(char* bytes, size_t room);

  Session* session_ = nullptr;
  int32_t id_ = 0;
  bool over_ = false;
  std::string queue_;
  size_t taken_ = 0;
  Headers trailers_;
  TimePoint moved_at_, over_at_;
};

}  // namespace cartwise::http2
