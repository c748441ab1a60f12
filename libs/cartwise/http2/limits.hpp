#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cartwise::http2 {

/// What those who connect to a server may take of it.
struct Limits {
  int connections = 20'000;            ///< a new one takes the place of the longest idle one
  uint32_t streams = 100;              ///< of a connection, at a time
  size_t header_bytes = 16 * 1024;     ///< of a call, as HTTP/2 counts them
  size_t message_bytes = 1024 * 1024;  ///< of a request
  /// Frames that ask for work and carry nothing (SETTINGS, PING, RST_STREAM,
  /// PRIORITY, empty DATA, calls beyond `streams`, frames that break a stream's
  /// rules): that many at once, and per second.
  int frames_burst = 1000;
  int frames_per_second = 100;
  std::chrono::milliseconds handshake_time{10'000};  ///< of TLS, and to HTTP/2's first frame
  std::chrono::milliseconds idle_time{300'000};      ///< without any call
  std::chrono::milliseconds stall_time{30'000};      ///< for bytes that the peer does not take
  std::chrono::milliseconds answer_time{
      120'000};  ///< for the rest of an answer that is complete here
  std::chrono::milliseconds ping_after{20'000};  ///< of silence
  std::chrono::milliseconds silence{30'000};     ///< after which it is gone
};

/// Often enough for the shortest of the times to be kept.
std::chrono::milliseconds SweepEvery(const Limits& limits);

}  // namespace cartwise::http2
