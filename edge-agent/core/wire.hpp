#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/clock.hpp"
#include "core/cu16/frame.hpp"
#include "core/cu16/parser.hpp"
#include "core/doorbell.hpp"
#include "core/port.hpp"

namespace cartwise::edge {

/// Exchanges on one serial line: one request in flight, a gap after each, late
/// bytes never taken for an answer. One owner, not thread-safe. Errors mean
/// that the port is gone.
class Wire {
 public:
  static constexpr absl::Duration kReplyDeadline = absl::Milliseconds(200);
  static constexpr absl::Duration kLongestSweep = absl::Seconds(1);

  Wire(std::unique_ptr<Port> port, const Clock& clock, Doorbell& bell, absl::Duration gap,
       int baudrate);

  /// Returns when the line may be used again.
  void AwaitGap();

  /// Sends a frame that nobody answers. FAILED_PRECONDITION: no byte of it left.
  absl::Status Tell(const cu16::Request& request);

  /// Asks one board; nullopt when it does not answer within `patience`.
  absl::StatusOr<std::optional<cu16::Reply>> Ask(const cu16::Request& request,
                                                 absl::Duration patience = kReplyDeadline);

  /// Asks every board. `take` gets each answer and says how long a silence to
  /// allow for the next one; zero ends the exchange.
  absl::Status AskAll(absl::Duration first_silence,
                      absl::FunctionRef<absl::Duration(const cu16::Reply&)> take);

  const cu16::ParserCounters& counters() const { return parser_.counters(); }

 private:
  absl::StatusOr<absl::Duration> Send(const cu16::Request& request);
  absl::StatusOr<std::optional<cu16::Reply>> Receive(absl::Duration until);

  const std::unique_ptr<Port> port_;
  const Clock& clock_;
  Doorbell& bell_;
  const absl::Duration gap_;
  const int baudrate_;
  cu16::Parser parser_;
  std::array<uint8_t, 64> buffer_;
  size_t buffered_ = 0;
  size_t consumed_ = 0;
  absl::Duration free_at_;
};

}  // namespace cartwise::edge
