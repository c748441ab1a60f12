#pragma once

#include <cstddef>
#include <map>

#include <nghttp2/nghttp2.h>

namespace cartwise::http2 {

/// What one session of nghttp2 allocates with. Large blocks come straight from the
/// system, page by page as they are used: nghttp2 keeps 16 KiB per connection for frames
/// that go out and a quiet connection uses a page of it, while malloc would hand it memory
/// that a handshake has just touched. Outlives its session; for one thread.
class SessionMemory {
 public:
  SessionMemory() = default;
  SessionMemory(const SessionMemory&) = delete;
  SessionMemory& operator=(const SessionMemory&) = delete;
  ~SessionMemory();

  nghttp2_mem native();

  /// Gives back the pages of the block for frames that go out, which is the first large one.
  /// What it holds is lost: for when nothing is on its way out.
  void GiveBackFrames();

 private:
  void* Allocate(size_t size);
  void Free(void* block);
  void* Resize(void* block, size_t size);

  std::map<void*, size_t> large_;
  void* frames_ = nullptr;
  bool frames_made_ = false;
};

}  // namespace cartwise::http2
