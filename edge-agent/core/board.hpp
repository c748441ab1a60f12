#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cartwise/base/ids.hpp"
#include "core/cu16/frame.hpp"
#include "core/event.hpp"
#include "core/lock.hpp"

namespace cartwise::edge {

/// One board, as the cloud configured it.
struct BoardConfig {
  ControllerId id;
  int address = 0;   ///< dial switch, 0 to 9
  std::string port;  ///< stable name, as in the agent's config
  int baudrate = 19200;
  bool invert_hook = false;
  bool has_ir = false;
  int pulse_ms = 550;

  bool operator==(const BoardConfig&) const = default;
};

/// What a board says, corrected for its wiring. Bit 0 = lock 1.
struct Masks {
  uint16_t closed = 0;
  uint16_t items = 0;  ///< all ones without sensors

  bool operator==(const Masks&) const = default;
  bool closed_at(cu16::Lock lock) const { return (closed >> lock.bit() & 1) != 0; }
};

/// One value that counts only when read twice in a row.
class Twice {
 public:
  /// True when `value` is now the agreed one.
  bool Feed(bool value) {
    if (agreed_ == value || first_ == value) {
      agreed_ = value;
      first_.reset();
      return true;
    }
    first_ = value;
    return false;
  }
  /// Something else has proven it: one read is enough.
  void Agree(bool value) {
    agreed_ = value;
    first_.reset();
  }
  bool pending() const { return first_.has_value(); }
  void Forget() { *this = Twice(); }

 private:
  std::optional<bool> agreed_;
  std::optional<bool> first_;  ///< read once, differs from the agreed one
};

/// A step of one lock. `report` kNone is not told to the cloud, only kept.
struct LockChange {
  int lock = 0;  ///< as printed, 1 to 16
  LockReport report = LockReport::kNone;
  LockState state = LockState::kUnknown;
  ItemLeft left = ItemLeft::kUnknown;
  bool item_present = false;
  bool swept = false;  ///< found after a gap: it may have happened earlier
};

/// Whether a board answers. Numbers are stored in marks.
enum class Reach : uint8_t { kUnknown = 0, kFound = 1, kLost = 2 };

/// One board and its sixteen locks, as reads tell. No I/O, no clock; used by
/// the thread of its bus.
class Board {
 public:
  static constexpr int kPollsUntilLost = 10;

  /// `known` are the marks that were kept of this board; others are ignored.
  Board(BoardConfig config, const std::vector<LockMark>& known);

  const BoardConfig& config() const { return config_; }
  cu16::Board address() const { return *cu16::Board::Of(config_.address); }

  /// The reply, corrected for the wiring.
  Masks Corrected(const cu16::Reply& reply) const;

  /// Takes an answer; what two agreeing reads changed. The board is found.
  /// `proven` are locks that our own pulse has just opened: a cart that comes
  /// back before the second read must not be missed.
  std::vector<LockChange> Answered(const Masks& masks, uint16_t proven = 0);
  /// One poll without an answer. True when this loses the board.
  bool Missed();
  /// The port is gone. True unless the board was lost already.
  bool Unreachable();

  Reach reach() const { return reach_; }
  /// As agreed by reads, with no gap since; else kUnknown, whatever was known before.
  LockState state(cu16::Lock lock) const {
    const Watch& watch = locks_[lock.bit()];
    return watch.gap ? LockState::kUnknown : watch.state;
  }
  /// A first differing read wants a second one.
  bool wants_reread() const;
  /// Every lock is known, or the board is lost: nothing more to wait for.
  bool settled() const;
  /// Agreed states, for a snapshot.
  Masks agreed() const;
  uint64_t ignored_events() const { return ignored_; }

 private:
  struct Watch {
    LockState state = LockState::kUnknown;
    ItemLeft left = ItemLeft::kUnknown;
    Twice hook;
    Twice item;
    bool item_present = false;
    bool gap = true;  ///< not read twice since the start or a silence
    std::optional<LockEvent> last;
  };

  std::optional<LockChange> Settle(int bit, bool closed, bool item, bool proven);
  std::optional<LockChange> Take(Watch& watch, LockEvent event);
  void ForgetPending();

  BoardConfig config_;
  std::array<Watch, cu16::kLocksPerBoard> locks_;
  Reach reach_ = Reach::kUnknown;
  int misses_ = 0;
  uint64_t ignored_ = 0;
};

}  // namespace cartwise::edge
