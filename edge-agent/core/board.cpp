#include "core/board.hpp"

#include <algorithm>
#include <utility>

namespace cartwise::edge {

Board::Board(BoardConfig config, const std::vector<LockMark>& known) : config_(std::move(config)) {
  for (const LockMark& mark : known) {
    if (mark.controller != config_.id) continue;
    if (mark.lock == 0) reach_ = static_cast<Reach>(mark.state);
    if (mark.lock < 1 || mark.lock > cu16::kLocksPerBoard) continue;
    Watch& watch = locks_[mark.lock - 1];
    watch.state = static_cast<LockState>(mark.state);
    // "It never left" is a promise only while somebody watches.
    const auto left = static_cast<ItemLeft>(mark.left);
    watch.left = left == ItemLeft::kYes ? ItemLeft::kYes : ItemLeft::kUnknown;
  }
}

Masks Board::Corrected(const cu16::Reply& reply) const {
  const uint16_t flip = config_.invert_hook ? 0xFFFF : 0;
  return {.closed = static_cast<uint16_t>(reply.hooks ^ flip),
          .items = config_.has_ir ? reply.items : uint16_t{0xFFFF}};
}

std::vector<LockChange> Board::Answered(const Masks& masks, uint16_t proven) {
  reach_ = Reach::kFound;
  misses_ = 0;
  std::vector<LockChange> changes;
  for (int bit = 0; bit < cu16::kLocksPerBoard; ++bit) {
    const auto change = Settle(bit, (masks.closed >> bit & 1) != 0, (masks.items >> bit & 1) != 0,
                               (proven >> bit & 1) != 0);
    if (change) changes.push_back(*change);
  }
  return changes;
}

std::optional<LockChange> Board::Settle(int bit, bool closed, bool item, bool proven) {
  Watch& watch = locks_[bit];
  if (proven) {
    watch.hook.Agree(closed);
    watch.item.Agree(item);
  }
  const bool hook_agreed = watch.hook.Feed(closed);
  const bool item_agreed = watch.item.Feed(item);
  if (!hook_agreed || !item_agreed) return std::nullopt;
  watch.item_present = config_.has_ir && item;
  const LockEvent event = !closed ? LockEvent::kSawOpen
                          : item  ? LockEvent::kSawClosed
                                  : LockEvent::kSawClosedEmpty;
  auto change = Take(watch, event);
  watch.gap = false;
  if (change) change->lock = bit + 1;
  return change;
}

std::optional<LockChange> Board::Take(Watch& watch, LockEvent event) {
  const bool again = std::exchange(watch.last, event) == event;
  const ItemLeft left_before = watch.left;
  const auto edge = Step(watch.state, event);
  LockChange change;
  if (edge) {
    change.report = edge->report;
    watch.state = edge->to;
    if (edge->to == LockState::kOpen) {
      watch.left = config_.has_ir && !watch.gap ? ItemLeft::kNo : ItemLeft::kUnknown;
    }
  } else if (!again && !Says(event, watch.state)) {
    ++ignored_;
  }
  const bool empty = config_.has_ir && !watch.item_present;
  if (empty && watch.state != LockState::kClosed) watch.left = ItemLeft::kYes;
  if (!edge && watch.left == left_before) return std::nullopt;
  change.state = watch.state;
  change.left = watch.left;
  change.item_present = watch.item_present;
  change.swept = watch.gap;
  return change;
}

bool Board::Missed() {
  ++misses_;
  if (reach_ == Reach::kLost || misses_ < kPollsUntilLost) return false;
  ForgetPending();
  reach_ = Reach::kLost;
  return true;
}

bool Board::Unreachable() {
  const bool news = reach_ != Reach::kLost;
  ForgetPending();
  reach_ = Reach::kLost;
  return news;
}

void Board::ForgetPending() {
  for (Watch& watch : locks_) {
    watch.hook.Forget();
    watch.item.Forget();
    watch.gap = true;
    watch.last.reset();
    if (watch.left == ItemLeft::kNo) watch.left = ItemLeft::kUnknown;
  }
}

bool Board::wants_reread() const {
  return std::any_of(locks_.begin(), locks_.end(), [](const Watch& watch) {
    return watch.hook.pending() || watch.item.pending();
  });
}

bool Board::settled() const {
  if (reach_ == Reach::kLost) return true;
  return std::none_of(locks_.begin(), locks_.end(), [](const Watch& watch) { return watch.gap; });
}

Masks Board::agreed() const {
  Masks masks;
  for (int bit = 0; bit < cu16::kLocksPerBoard; ++bit) {
    const Watch& watch = locks_[bit];
    const bool closed = watch.state == LockState::kClosed || watch.state == LockState::kClosedEmpty;
    if (closed) masks.closed |= static_cast<uint16_t>(1u << bit);
    if (watch.item_present) masks.items |= static_cast<uint16_t>(1u << bit);
  }
  return masks;
}

}  // namespace cartwise::edge
