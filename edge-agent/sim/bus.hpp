#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <span>
#include <vector>

#include "sim/agenda.hpp"
#include "sim/boards.hpp"
#include "sim/event.hpp"
#include "sim/host_frame.hpp"
#include "sim/line_faults.hpp"

namespace cartwise::sim {

/// How long things take on the line.
struct Pace {
  double byte_us = 1e7 / 19200;  ///< ten bits at 19200 baud; 0 = at once
  Micros think = 0;              ///< before each answer
};

struct BusCounters {
  uint64_t frames = 0;      ///< sound frames from the host
  uint64_t replies = 0;     ///< answers put on the line, whole or cut
  uint64_t collisions = 0;  ///< the host spoke while an answer was on the line
};

/// The electronics of all boards on one line.
///
/// Takes bytes as they are read, acts when they would be over a real wire, and
/// hands each answer to `send` when its last byte would arrive. Not thread-safe.
class Bus {
 public:
  using Send = std::function<void(const Bytes&)>;

  Bus(Boards& boards, Agenda& agenda, Pace pace, EventSink sink, Send send);

  /// Bytes from the host, read just now.
  void Receive(std::span<const uint8_t> bytes, Micros now);

  LineFaults& faults() { return faults_; }
  const BusCounters& counters() const { return counters_; }
  const HostFrameReader& reader() const { return reader_; }
  /// Sound frames that were for this board, broadcasts included.
  uint64_t frames(int board) const { return electronics_.at(board).frames; }

 private:
  /// What a board remembers in its flash, and whether it can listen.
  struct Electronics {
    uint16_t pulse = 55;  ///< units of 10 ms
    uint8_t delay = 0;    ///< seconds
    uint8_t baud = 1;     ///< code of the document; the line itself keeps its pace
    Micros deaf_until = 0;
    bool erased = false;
    uint64_t frames = 0;
  };

  void Handle(const HostFrame& frame, Micros now);
  std::vector<int> Addressed(const HostFrame& frame) const;
  Micros Obey(int board, const HostFrame& frame, Micros now);
  Micros ObeyOta(int board, const HostFrame& frame, Micros now);
  void Unlock(int board, int lock, const HostFrame& frame, Micros when);
  void Set(int board, const HostFrame& frame, Micros now);
  Micros AnswerStatus(int board, uint8_t code, Micros now);
  Micros AnswerSetting(int board, uint8_t code, Micros now);
  Micros Later(size_t bytes, Micros now, std::function<Bytes(Micros)> make);
  void Transmit(Bytes answer);
  uint8_t Disturb(uint8_t byte);

  Boards& boards_;
  Agenda& agenda_;
  const Pace pace_;
  const EventSink sink_;
  const Send send_;
  LineFaults faults_;
  BusCounters counters_;
  HostFrameReader reader_;
  std::map<int, Electronics> electronics_;
  double line_free_at_ = 0;  ///< when the last byte read is over the wire
  Micros answering_until_ = 0;
  std::mt19937 random_{1};
};

}  // namespace cartwise::sim
