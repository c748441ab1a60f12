#include "cartwise/http2/session_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace cartwise::http2 {
namespace {

constexpr size_t kLarge = 16 * 1024;

}  // namespace

SessionMemory::~SessionMemory() {
  for (const auto& [block, size] : large_) ::munmap(block, size);
}

nghttp2_mem SessionMemory::native() {
  return {
      .mem_user_data = this,
      .malloc = [](size_t size,
                   void* self) { return static_cast<SessionMemory*>(self)->Allocate(size); },
      .free = [](void* block, void* self) { static_cast<SessionMemory*>(self)->Free(block); },
      .calloc = [](size_t count, size_t size, void*) { return std::calloc(count, size); },
      .realloc = [](void* block, size_t size,
                    void* self) { return static_cast<SessionMemory*>(self)->Resize(block, size); },
  };
}

void* SessionMemory::Allocate(size_t size) {
  if (size < kLarge) return std::malloc(size);
  void* const block =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return nullptr;
  // A session makes it before it hears anything, so no peer's words are ever in it.
  if (!std::exchange(frames_made_, true)) frames_ = block;
  large_.emplace(block, size);
  return block;
}

void SessionMemory::GiveBackFrames() {
  if (frames_ != nullptr) ::madvise(frames_, large_.at(frames_), MADV_DONTNEED);
}

void SessionMemory::Free(void* block) {
  const auto found = large_.find(block);
  if (found == large_.end()) return std::free(block);
  ::munmap(found->first, found->second);
  large_.erase(found);
  if (block == frames_) frames_ = nullptr;
}

void* SessionMemory::Resize(void* block, size_t size) {
  if (block == nullptr) return Allocate(size);
  const auto found = large_.find(block);
  if (found == large_.end()) return std::realloc(block, size);
  void* const larger = Allocate(size);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, block, std::min(size, found->second));
  Free(block);
  return larger;
}

}  // namespace cartwise::http2
