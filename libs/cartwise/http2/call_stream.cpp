#include "cartwise/http2/call_stream.hpp"

#include <algorithm>
#include <cstring>

#include "cartwise/http2/session.hpp"

namespace cartwise::http2 {

void CallStream::Write(std::string_view bytes) {
  if (bytes.empty()) return;
  if (waiting() == 0) moved_at_ = std::chrono::steady_clock::now();
  queue_.append(bytes);
  if (attached()) session_->Resume(id_);
}

void CallStream::Finish(Headers trailers) {
  over_ = true;
  moved_at_ = over_at_ = std::chrono::steady_clock::now();
  trailers_ = std::move(trailers);
  if (attached()) session_->Resume(id_);
}

void CallStream::Renew() {
  Detach();
  over_ = false;
  queue_.clear();
  taken_ = 0;
  trailers_.clear();
}

void CallStream::Respond(const Headers& head, bool last) {
  if (attached()) session_->Respond(id_, head, last);
}

void CallStream::Consume(size_t bytes) {
  if (attached()) session_->Consume(id_, bytes);
}

void CallStream::Cancel() {
  if (attached()) session_->Cancel(id_);
}

size_t CallStream::Take(char* bytes, size_t room) {
  const size_t count = std::min(room, waiting());
  if (count == 0) return 0;
  std::memcpy(bytes, queue_.data() + taken_, count);
  taken_ += count;
  moved_at_ = std::chrono::steady_clock::now();
  if (waiting() == 0) {
    // Freed, not kept: most streams are quiet most of the time.
    std::string().swap(queue_);
    taken_ = 0;
  } else if (taken_ >= 64 * 1024) {
    queue_.erase(0, taken_);
    taken_ = 0;
  }
  OnTaken(count);
  return count;
}

}  // namespace cartwise::http2
