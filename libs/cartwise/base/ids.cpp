#include "cartwise/base/ids.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise {
namespace {

// One system call per 4 KiB of randomness instead of one per id.
void RandomBytes(uint8_t* out, size_t count) {
  thread_local std::array<uint8_t, 4096> buffer;
  thread_local size_t used = buffer.size();
  if (used + count > buffer.size()) {
    if (getrandom(buffer.data(), buffer.size(), 0) != ssize_t(buffer.size())) std::abort();
    used = 0;
  }
  for (size_t i = 0; i < count; ++i) out[i] = buffer[used++];
}

// Milliseconds since 1970 and 12 bits of their fraction (RFC 9562, 6.2, method
// 3), later than any before: ids of one process sort as they were made.
uint64_t NextTick() {
  static std::atomic<uint64_t> last = 0;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const uint64_t ms = uint64_t(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
  const uint64_t tick = ms << 12 | uint64_t(now.tv_nsec % 1'000'000) * 4096 / 1'000'000;
  uint64_t before = last.load();
  uint64_t next = 0;
  do {
    next = std::max(tick, before + 1);
  } while (!last.compare_exchange_weak(before, next));
  return next;
}

}  // namespace

std::string NewUuid() {
  std::array<uint8_t, 16> bytes;
  RandomBytes(bytes.data(), bytes.size());
  const uint64_t tick = NextTick();
  for (int i = 0; i < 6; ++i) bytes[i] = uint8_t(tick >> (52 - 8 * i));
  bytes[6] = 0x70 | (tick >> 8 & 0x0F);
  bytes[7] = uint8_t(tick);
  bytes[8] = 0x80 | (bytes[8] & 0x3F);

  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(kHex[bytes[i] >> 4]);
    text.push_back(kHex[bytes[i] & 15]);
  }
  return text;
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
  }
  return true;
}

namespace internal {

absl::StatusOr<std::string> ParseUuid(std::string_view field, std::string_view text) {
  if (!IsUuid(text)) return errors::InvalidField(field, "must be a UUID");
  return ToLowerAscii(text);
}

}  // namespace internal
}  // namespace cartwise
