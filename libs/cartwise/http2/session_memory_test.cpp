#include "cartwise/http2/session_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <vector>

namespace cartwise::http2 {
namespace {

constexpr size_t kFrames = 16 * 1024 + 10;  // as nghttp2 asks for them

struct Memory {
  SessionMemory memory;
  nghttp2_mem mem = memory.native();

  char* Resize(void* block, size_t size) {
    return static_cast<char*>(mem.realloc(block, size, mem.mem_user_data));
  }
  void Free(void* block) { mem.free(block, mem.mem_user_data); }
};

// How many pages of the block hold memory.
long PagesOf(char* block, size_t size) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> resident((size + page - 1) / page);
  REQUIRE(mincore(block, size, resident.data()) == 0);
  long pages = 0;
  for (const unsigned char each : resident) pages += each & 1;
  return pages;
}

TEST_CASE("a large block takes the pages that were written", "[session-memory]") {
  Memory f;
  char* const block = f.Resize(nullptr, kFrames);

  CHECK(PagesOf(block, kFrames) == 0);
  block[0] = 'x';
  CHECK(PagesOf(block, kFrames) == 1);

  f.Free(block);
  CHECK(mincore(block, 1, std::vector<unsigned char>(1).data()) == -1);
}

TEST_CASE("the frames' block gives its pages back, and no other one", "[session-memory]") {
  Memory f;
  char* const frames = f.Resize(nullptr, kFrames);
  char* const other = f.Resize(nullptr, kFrames);
  frames[0] = other[0] = 'x';

  f.memory.GiveBackFrames();

  CHECK(PagesOf(frames, kFrames) == 0);
  CHECK(PagesOf(other, kFrames) == 1);
  frames[0] = 'y';
  CHECK(frames[0] == 'y');
  f.Free(frames);
  f.memory.GiveBackFrames();
  CHECK(other[0] == 'x');
  f.Free(other);
}

TEST_CASE("a block keeps its bytes when it grows and shrinks", "[session-memory]") {
  const size_t first = GENERATE(size_t{1000}, kFrames);
  Memory f;
  const std::string bytes(1000, 'b');
  char* block = f.Resize(nullptr, first);
  std::memcpy(block, bytes.data(), bytes.size());
  for (const size_t size : {size_t{4000}, kFrames, 4 * kFrames, size_t{1000}, size_t{2000}}) {
    CAPTURE(first, size);
    block = f.Resize(block, size);
    CHECK(std::string(block, bytes.size()) == bytes);
  }
  f.Free(block);
  f.Free(nullptr);
}

}  // namespace
}  // namespace cartwise::http2
