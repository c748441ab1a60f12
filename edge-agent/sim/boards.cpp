#include "sim/boards.hpp"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <utility>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::sim {

Boards::Boards(const std::vector<int>& addresses, Micros open_delay, Agenda& agenda, EventSink sink)
    : open_delay_(open_delay), agenda_(agenda), sink_(std::move(sink)) {
  for (const int address : addresses) boards_[address];
}

std::vector<int> Boards::addresses() const {
  std::vector<int> all;
  for (const auto& [address, board] : boards_) all.push_back(address);
  return all;
}

void Boards::Pulse(int board, int lock, const Cause& cause, Micros now) {
  Latch& latch = At(board, lock);
  const bool opens = latch.locked && !latch.jammed && !latch.opening;
  ++latch.pulses;
  sink_({.name = "pulse",
         .at = now,
         .board = board,
         .lock = lock,
         .cause = cause.frame,
         .first_byte_at = cause.first_byte_at,
         .opened = opens});
  if (!opens) return;
  if (open_delay_ == 0) return Open(board, lock, "pulse", now);
  latch.opening = true;
  agenda_.At(now + open_delay_, [this, board, lock](Micros then) {
    At(board, lock).opening = false;
    if (At(board, lock).locked) Open(board, lock, "pulse", then);
  });
}

absl::Status Boards::Push(int board, int lock, Micros now) {
  CW_RETURN_IF_ERROR(Check(board, lock));
  Latch& latch = At(board, lock);
  if (latch.locked) {
    return absl::FailedPreconditionError(
        absl::StrCat("lock ", lock, " of board ", board, " is locked already"));
  }
  latch.item = true;
  Tell("pushed", board, lock, "shopper", now);
  latch.locked = true;
  latch.moved = true;
  latch.moved_at = now;
  Tell("closed", board, lock, "shopper", now);
  return absl::OkStatus();
}

absl::Status Boards::Take(int board, int lock, Micros now) {
  CW_RETURN_IF_ERROR(Check(board, lock));
  Latch& latch = At(board, lock);
  if (latch.locked) {
    return absl::FailedPreconditionError(
        absl::StrCat("lock ", lock, " of board ", board, " is locked"));
  }
  if (!latch.item) {
    return absl::FailedPreconditionError(
        absl::StrCat("no cart stands at lock ", lock, " of board ", board));
  }
  latch.item = false;
  Tell("taken", board, lock, "shopper", now);
  return absl::OkStatus();
}

absl::Status Boards::Force(int board, int lock, Micros now) {
  CW_RETURN_IF_ERROR(Check(board, lock));
  if (!At(board, lock).locked) {
    return absl::FailedPreconditionError(
        absl::StrCat("lock ", lock, " of board ", board, " is open already"));
  }
  Open(board, lock, "force", now);
  return absl::OkStatus();
}

uint16_t Boards::HookBits(int board, Micros now) {
  const Board& all = boards_.at(board);
  unsigned bits = 0;
  for (int i = 0; i < kLocks; ++i) {
    const Latch& latch = all.latches[i];
    const bool bouncing = bounce_ > 0 && latch.moved && now < latch.moved_at + bounce_;
    const bool held = bouncing ? random_() % 2 == 0 : latch.locked;
    if (held != all.inverted) bits |= 1u << i;
  }
  return static_cast<uint16_t>(bits);
}

uint16_t Boards::ItemBits(int board) const {
  unsigned bits = 0;
  for (int i = 0; i < kLocks; ++i) {
    const Latch& latch = boards_.at(board).latches[i];
    if (latch.item && !latch.blind) bits |= 1u << i;
  }
  return static_cast<uint16_t>(bits);
}

absl::Status Boards::Jam(int board, int lock) {
  CW_RETURN_IF_ERROR(Check(board, lock));
  At(board, lock).jammed = true;
  return absl::OkStatus();
}

absl::Status Boards::Blind(int board, int lock) {
  CW_RETURN_IF_ERROR(Check(board, lock));
  At(board, lock).blind = true;
  return absl::OkStatus();
}

absl::Status Boards::Invert(int board) {
  CW_RETURN_IF_ERROR(CheckBoard(board));
  boards_.at(board).inverted = true;
  return absl::OkStatus();
}

void Boards::ClearFaults() {
  bounce_ = 0;
  for (auto& [address, board] : boards_) {
    board.inverted = false;
    for (Latch& latch : board.latches) latch.jammed = latch.blind = false;
  }
}

absl::Status Boards::CheckBoard(int board) const {
  if (Has(board)) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat("no board ", board, "; there are ", absl::StrJoin(addresses(), ", ")));
}

absl::Status Boards::Check(int board, int lock) const {
  CW_RETURN_IF_ERROR(CheckBoard(board));
  if (lock >= 1 && lock <= kLocks) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("no lock ", lock, "; locks are 1 to ", kLocks));
}

void Boards::Open(int board, int lock, const std::string& cause, Micros now) {
  Latch& latch = At(board, lock);
  latch.locked = false;
  latch.moved = true;
  latch.moved_at = now;
  Tell("opened", board, lock, cause, now);
  if (!auto_take_) return;
  latch.item = false;
  Tell("taken", board, lock, "auto_take", now);
}

void Boards::Tell(const char* name, int board, int lock, const std::string& cause, Micros now) {
  sink_({.name = name, .at = now, .board = board, .lock = lock, .cause = cause});
}

}  // namespace cartwise::sim
