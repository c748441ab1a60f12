#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/cu16/frame.hpp"

namespace cartwise::edge::cu16 {

/// What a parser met on the line. Only ever grows.
struct ParserCounters {
  uint64_t replies = 0;        ///< accepted
  uint64_t strays = 0;         ///< well formed, but not an answer to the request
  uint64_t bad_sums = 0;       ///< STX and ETX in place, SUM wrong
  uint64_t echoes = 0;         ///< verbatim copies of our own request
  uint64_t garbage_bytes = 0;  ///< dropped one by one while looking for a frame
};

/// Finds the answers to one request in a stream of bytes.
///
/// Replies have a fixed length, so data bytes that look like STX or ETX do no
/// harm: a frame is 02 with ETX at +7 and a good SUM at +8, anything else costs
/// one byte and the search goes on. One per bus; not thread-safe.
///
///     parser.Start(Request::Status(board));
///     for (uint8_t byte : received)
///       if (auto reply = parser.Push(byte)) return *reply;
class Parser {
 public:
  /// Listens for answers to `request` from now on. Bytes held from before are
  /// dropped (and counted), so that a late answer cannot complete a new one.
  void Start(const Request& request);

  /// Takes one byte; the reply that it completes, if it is one to the request.
  /// Before Start() every frame is a stray.
  std::optional<Reply> Push(uint8_t byte);

  const ParserCounters& counters() const { return counters_; }

 private:
  bool EchoAtFront() const;
  std::optional<Reply> TakeFrame();
  void Drop(size_t bytes);

  std::optional<Request> request_;
  std::array<uint8_t, kReplySize> held_{};
  size_t size_ = 0;
  ParserCounters counters_;
};

}  // namespace cartwise::edge::cu16
