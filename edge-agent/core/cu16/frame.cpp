#include "core/cu16/frame.hpp"

#include <bit>
#include <type_traits>

namespace cartwise::edge::cu16 {
namespace {

constexpr int FlippedBits(const RequestBytes& a, const RequestBytes& b) {
  const unsigned first_four =
      (a[0] ^ b[0]) << 24 | (a[1] ^ b[1]) << 16 | (a[2] ^ b[2]) << 8 | (a[3] ^ b[3]);
  return std::popcount(first_four) + std::popcount<unsigned>(a[4] ^ b[4]);
}

/// A five-byte host frame of any kind, as another master could send it. Sums
/// by hand: compilers limit the steps of the proofs below.
constexpr RequestBytes AnyFrame(uint8_t address, uint8_t command) {
  return {kStx, address, command, kEtx, static_cast<uint8_t>(kStx + address + command + kEtx)};
}

/// Holds for every frame that Request can make.
template <typename Predicate>
constexpr bool EveryRequest(Predicate holds) {
  if (!holds(Request::StatusAll())) return false;
  for (int board = 0; board < kMaxBoards; ++board) {
    if (!holds(Request::Status(*Board::Of(board)))) return false;
    for (int lock = 1; lock <= kLocksPerBoard; ++lock) {
      if (!holds(Request::Unlock(*Board::Of(board), *Lock::Printed(lock)))) return false;
    }
  }
  return true;
}

/// Bits of `read` to flip until a board fires one coil (0x31) or all (0x33).
constexpr int FlipsToOpen(const Request& read) {
  int fewest = 8 * kRequestSize;
  for (int address = 0; address <= 0xFF; ++address) {
    for (const uint8_t command : {0x31, 0x33}) {
      const int flips = FlippedBits(read.bytes(), AnyFrame(static_cast<uint8_t>(address), command));
      if (flips < fewest) fewest = flips;
    }
  }
  return fewest;
}

// The vocabulary is closed.
static_assert(!std::is_default_constructible_v<Request>);
static_assert(!std::is_constructible_v<Request, RequestBytes>);
static_assert(!std::is_constructible_v<Request, uint8_t, uint8_t>);
static_assert(!std::is_constructible_v<Board, int> && !std::is_constructible_v<Lock, int>);
static_assert(EveryRequest([](const Request& request) {
  const auto& bytes = request.bytes();
  return bytes[0] == kStx && bytes[3] == kEtx &&
         (bytes[2] == 0x30 || bytes[2] == 0x31 || bytes[2] == 0x32);
}));
static_assert(EveryRequest([](const Request& request) {
  return request.opens() == (request.bytes()[2] == 0x31) && (request.opens() != !!request.answer());
}));
// An unlock is for one board, a read has lock nibble 0 and is far from opening.
static_assert(EveryRequest([](const Request& request) {
  if (request.opens()) return request.board().has_value();
  return request.bytes()[1] % 16 == 0 && FlipsToOpen(request) >= 3;
}));

}  // namespace

std::optional<Reply> DecodeReply(std::span<const uint8_t, kReplySize> frame) {
  if (!IsWellFormed(frame)) return std::nullopt;
  const auto board = Board::Of(frame[1] >> 4);
  const auto kind = static_cast<ReplyKind>(frame[2]);
  if (!board || (kind != ReplyKind::kBoard && kind != ReplyKind::kAll)) return std::nullopt;
  return Reply{.kind = kind,
               .board = *board,
               .hooks = static_cast<uint16_t>(frame[3] | frame[4] << 8),
               .items = static_cast<uint16_t>(frame[5] | frame[6] << 8)};
}

}  // namespace cartwise::edge::cu16
