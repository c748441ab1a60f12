#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

/// The wire format of the KERONG KR-CU16 lock board, as far as the agent
/// speaks it. Host frames are `02 ADDR CMD 03 SUM`, replies are always nine
/// bytes `02 ADDR RSP D1 D2 D3 D4 03 SUM`. Pure values, no I/O.
namespace cartwise::edge::cu16 {

inline constexpr uint8_t kStx = 0x02;
inline constexpr uint8_t kEtx = 0x03;
inline constexpr int kMaxBoards = 10;
inline constexpr int kLocksPerBoard = 16;
inline constexpr size_t kRequestSize = 5;
inline constexpr size_t kReplySize = 9;

using RequestBytes = std::array<uint8_t, kRequestSize>;

/// Low eight bits of the sum of all bytes; SUM covers everything before it.
constexpr uint8_t Checksum(std::span<const uint8_t> bytes) {
  unsigned sum = 0;
  for (const uint8_t byte : bytes) sum += byte;
  return static_cast<uint8_t>(sum & 0xFF);
}

/// Time that `bytes` take on the wire, 8N1: ten bits each.
constexpr std::chrono::nanoseconds WireTime(size_t bytes, int baudrate) {
  return std::chrono::nanoseconds(static_cast<int64_t>(bytes) * 10 * 1'000'000'000 / baudrate);
}

/// Address switch of a board, 0 to 9.
class Board {
 public:
  static constexpr std::optional<Board> Of(int index) {
    if (index < 0 || index >= kMaxBoards) return std::nullopt;
    return Board(static_cast<uint8_t>(index));
  }

  constexpr int index() const { return index_; }
  constexpr auto operator<=>(const Board&) const = default;

 private:
  explicit constexpr Board(uint8_t index) : index_(index) {}
  uint8_t index_;
};

/// A lock of a board, by the number printed beside it, 1 to 16.
class Lock {
 public:
  static constexpr std::optional<Lock> Printed(int number) {
    if (number < 1 || number > kLocksPerBoard) return std::nullopt;
    return Lock(static_cast<uint8_t>(number - 1));
  }

  constexpr int number() const { return bit_ + 1; }
  /// Position in the masks of Reply, 0 to 15.
  constexpr int bit() const { return bit_; }
  constexpr auto operator<=>(const Lock&) const = default;

 private:
  explicit constexpr Lock(uint8_t bit) : bit_(bit) {}
  uint8_t bit_;
};

/// Code of an answer the agent understands. Others are never accepted.
enum class ReplyKind : uint8_t {
  kBoard = 0x35,  ///< answers Request::Status
  kAll = 0x36,    ///< answers Request::StatusAll, one from each board
};

/// A frame that the agent can put on the wire.
///
/// The three functions below are the only way to make one, so open-all (0x33),
/// pulse setting (0x37), delayed open (0x39), baud rate (0x40) and the F5
/// family cannot be expressed. Reads carry lock nibble 0: an odd status address
/// is two flipped bits away from an unlock (frame.cpp proves three or more).
class Request {
 public:
  /// Hooks and items of one board. Answered by one ReplyKind::kBoard.
  static constexpr Request Status(Board board) { return Request(Address(board), Command::kStatus); }

  /// Hooks and items of every board. Each answers with a ReplyKind::kAll, in
  /// address order; how many is for the caller to know or to wait out.
  static constexpr Request StatusAll() { return Request(kEveryBoard, Command::kStatusAll); }

  /// One pulse to one lock. The board does not answer; a following status is
  /// the only proof.
  static constexpr Request Unlock(Board board, Lock lock) {
    return Request(static_cast<uint8_t>(Address(board) | lock.bit()), Command::kUnlock);
  }

  constexpr const RequestBytes& bytes() const { return bytes_; }

  /// What answers this request; nullopt for an unlock.
  constexpr std::optional<ReplyKind> answer() const {
    if (command() == Command::kStatus) return ReplyKind::kBoard;
    if (command() == Command::kStatusAll) return ReplyKind::kAll;
    return std::nullopt;
  }

  /// The board addressed; nullopt for every board.
  constexpr std::optional<Board> board() const { return Board::Of(bytes_[1] >> 4); }

  /// True when the frame makes a coil fire.
  constexpr bool opens() const { return command() == Command::kUnlock; }

  constexpr bool operator==(const Request&) const = default;

 private:
  enum class Command : uint8_t { kStatus = 0x30, kUnlock = 0x31, kStatusAll = 0x32 };
  static constexpr uint8_t kEveryBoard = 0xF0;

  static constexpr uint8_t Address(Board board) { return static_cast<uint8_t>(board.index() << 4); }

  constexpr Request(uint8_t address, Command command)
      : bytes_{kStx, address, static_cast<uint8_t>(command), kEtx, 0} {
    bytes_[4] = Checksum(std::span(bytes_).first(4));
  }

  constexpr Command command() const { return static_cast<Command>(bytes_[2]); }

  RequestBytes bytes_;
};

/// What a board says about its locks. Bits as on the wire, bit 0 = lock 1;
/// whether a set hook bit means locked depends on the wiring of the board.
struct Reply {
  ReplyKind kind;
  Board board;
  uint16_t hooks = 0;
  uint16_t items = 0;

  constexpr bool hook(Lock lock) const { return (hooks >> lock.bit() & 1) != 0; }
  constexpr bool item(Lock lock) const { return (items >> lock.bit() & 1) != 0; }
  constexpr bool operator==(const Reply&) const = default;
};

/// STX and ETX in their places and a good SUM, whatever the code says.
constexpr bool IsWellFormed(std::span<const uint8_t, kReplySize> frame) {
  return frame[0] == kStx && frame[7] == kEtx && frame[8] == Checksum(frame.first(8));
}

/// The reply in nine bytes; nullopt unless well formed, with a code of
/// ReplyKind and a board 0 to 9.
std::optional<Reply> DecodeReply(std::span<const uint8_t, kReplySize> frame);

}  // namespace cartwise::edge::cu16
