#pragma once

#include <absl/status/status.h>

#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "sim/agenda.hpp"
#include "sim/event.hpp"

namespace cartwise::sim {

inline constexpr int kLocks = 16;

/// One lock with its hook, the cart in front of it and what is wrong with it.
struct Latch {
  bool locked = true;
  bool item = true;
  bool jammed = false;
  bool blind = false;    ///< its infrared sensor sees no cart
  bool opening = false;  ///< pulsed, the hook moves after the open delay
  uint64_t pulses = 0;
  Micros moved_at = 0;  ///< last change of the hook
  bool moved = false;
};

/// What frame made a coil fire.
struct Cause {
  std::string frame;  ///< hex
  Micros first_byte_at = 0;
};

/// The iron: boards of 16 locks with carts in them, all locked at the start.
///
/// Knows nothing of the wire. Locks are printed numbers 1 to 16; calls from
/// outside are checked and refused with a sentence, calls of the board's own
/// electronics must name a board that exists. Every change goes to the sink.
class Boards {
 public:
  Boards(const std::vector<int>& addresses, Micros open_delay, Agenda& agenda, EventSink sink);

  std::vector<int> addresses() const;
  bool Has(int board) const { return boards_.contains(board); }
  const Latch& latch(int board, int lock) const { return boards_.at(board).latches[lock - 1]; }

  /// The coil fires. A jammed lock stays shut, an open one stays open.
  void Pulse(int board, int lock, const Cause& cause, Micros now);

  /// A cart is pushed in and the hook catches it.
  absl::Status Push(int board, int lock, Micros now);
  /// The cart leaves an open lock.
  absl::Status Take(int board, int lock, Micros now);
  /// Somebody breaks the lock open.
  absl::Status Force(int board, int lock, Micros now);

  /// Hooks as the board reports them, bit 0 = lock 1, set = locked unless
  /// inverted; flickers while a hook bounces.
  uint16_t HookBits(int board, Micros now);
  uint16_t ItemBits(int board) const;

  /// What opens is taken at once.
  void set_auto_take(bool on) { auto_take_ = on; }
  bool auto_take() const { return auto_take_; }

  absl::Status Jam(int board, int lock);
  absl::Status Blind(int board, int lock);
  absl::Status Invert(int board);
  bool inverted(int board) const { return boards_.at(board).inverted; }
  void set_bounce(Micros span) { bounce_ = span; }
  Micros bounce() const { return bounce_; }
  void ClearFaults();

  /// Says which boards and locks there are when this one is not among them.
  absl::Status Check(int board, int lock) const;
  absl::Status CheckBoard(int board) const;

 private:
  struct Board {
    std::array<Latch, kLocks> latches;
    bool inverted = false;
  };

  Latch& At(int board, int lock) { return boards_.at(board).latches[lock - 1]; }
  void Open(int board, int lock, const std::string& cause, Micros now);
  void Tell(const char* name, int board, int lock, const std::string& cause, Micros now);

  std::map<int, Board> boards_;
  const Micros open_delay_;
  Agenda& agenda_;
  const EventSink sink_;
  bool auto_take_ = true;
  Micros bounce_ = 0;
  std::minstd_rand random_{1};
};

}  // namespace cartwise::sim
