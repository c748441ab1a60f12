#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/agenda.hpp"

namespace cartwise::sim {

using Bytes = std::vector<uint8_t>;

/// Commands of the vendor's document, all of them: the board obeys what a
/// right agent would never send, so that a wrong one shows in the log.
enum Command : uint8_t {
  kStatus = 0x30,
  kUnlock = 0x31,
  kStatusAll = 0x32,
  kUnlockAll = 0x33,
  kPulse = 0x37,
  kDelay = 0x39,
  kBaud = 0x40,
};
inline constexpr uint8_t kToAll = 0xF0;

/// Head of the firmware family of frames and its commands.
inline constexpr uint8_t kOtaHead = 0xF5;
inline constexpr uint8_t kOtaErase = 0xB5;
inline constexpr uint8_t kOtaVersion = 0xB6;
inline constexpr uint8_t kOtaToAll = 0x64;

/// A sound frame from the host.
struct HostFrame {
  Bytes bytes;
  Micros first_byte_at = 0;  ///< when its first byte was read
  Micros done_at = 0;        ///< when its last byte was over the wire

  bool ota() const { return bytes[0] == kOtaHead; }
  uint8_t address() const { return ota() ? bytes[2] : bytes[1]; }
  uint8_t command() const { return ota() ? bytes[1] : bytes[2]; }
  /// Parameter bytes, none for queries.
  Bytes data() const;
  std::string Hex() const;
};

/// A byte from the host and when it was over the wire.
struct WireByte {
  uint8_t value = 0;
  Micros read_at = 0;
  Micros over_at = 0;
};

/// The board's ear: cuts the line into frames. Written apart from the agent's
/// codec, so that the two check each other.
class HostFrameReader {
 public:
  /// The frame this byte completes. A pause of 20 ms within a frame ends it.
  std::optional<HostFrame> Push(WireByte byte);

  uint64_t bad_frames() const { return bad_frames_; }  ///< began well, went wrong
  uint64_t garbage_bytes() const { return garbage_bytes_; }

 private:
  std::vector<WireByte> held_;
  uint64_t bad_frames_ = 0;
  uint64_t garbage_bytes_ = 0;
};

/// `02 ADDR CODE D1 D2 D3 D4 03 SUM`.
Bytes Answer(int board, uint8_t code, uint16_t hooks, uint8_t d3, uint8_t d4);

/// `F5 B6 ADDR 02 5F SUM 01 01`: the version of every emulated board.
Bytes VersionAnswer(int board);

}  // namespace cartwise::sim
