#include <catch2/catch.hpp>

#include "core/board.hpp"

namespace cartwise::edge {
namespace {

constexpr uint16_t kAll = 0xFFFF;

struct OneBoard {
  explicit OneBoard(bool has_ir = false, bool invert = false, std::vector<LockMark> known = {})
      : board({.id = ControllerId("c"), .address = 0, .invert_hook = invert, .has_ir = has_ir},
              known) {}

  std::vector<LockChange> Read(uint16_t hooks, uint16_t items = kAll) {
    const cu16::Reply reply{.kind = cu16::ReplyKind::kBoard,
                            .board = *cu16::Board::Of(0),
                            .hooks = hooks,
                            .items = items};
    return board.Answered(board.Corrected(reply));
  }
  std::vector<LockChange> ReadTwice(uint16_t hooks, uint16_t items = kAll) {
    Read(hooks, items);
    return Read(hooks, items);
  }

  Board board;
};

TEST_CASE("every step of a lock is listed, and only those", "[lock]") {
  using S = LockState;
  using E = LockEvent;
  const auto [from, event, to] = GENERATE(table<S, E, S>({
      {S::kUnknown, E::kSawOpen, S::kOpen},
      {S::kUnknown, E::kSawClosed, S::kClosed},
      {S::kUnknown, E::kSawClosedEmpty, S::kClosedEmpty},
      {S::kClosed, E::kSawOpen, S::kOpen},
      {S::kClosedEmpty, E::kSawOpen, S::kOpen},
      {S::kOpen, E::kSawClosed, S::kClosed},
      {S::kOpen, E::kSawClosedEmpty, S::kClosedEmpty},
      {S::kClosedEmpty, E::kSawClosed, S::kClosed},
  }));
  const auto edge = Step(from, event);
  REQUIRE(edge);
  CHECK(edge->to == to);
  CHECK(kLock.size() == 8);
}

TEST_CASE("the first sight of a lock is kept but not told", "[lock]") {
  OneBoard f;

  CHECK(f.Read(kAll).empty());
  CHECK_FALSE(f.board.settled());
  const auto changes = f.Read(kAll);

  REQUIRE(changes.size() == 16);
  for (const LockChange& change : changes) CHECK(change.report == LockReport::kNone);
  CHECK(f.board.settled());
}

TEST_CASE("a change counts after two agreeing reads", "[lock]") {
  OneBoard f;
  f.ReadTwice(kAll);

  CHECK(f.Read(0xFFFE).empty());
  CHECK(f.board.wants_reread());
  const auto changes = f.Read(0xFFFE);

  REQUIRE(changes.size() == 1);
  CHECK(changes[0].lock == 1);
  CHECK(changes[0].report == LockReport::kOpened);
  CHECK_FALSE(changes[0].swept);
  CHECK_FALSE(f.board.wants_reread());
}

TEST_CASE("one wrong read between right ones changes nothing", "[lock]") {
  OneBoard f;
  f.ReadTwice(kAll);

  CHECK(f.Read(0x0000).empty());
  CHECK(f.Read(kAll).empty());
  CHECK(f.Read(0x0000).empty());
  CHECK(f.Read(kAll).empty());

  CHECK(f.board.state(*cu16::Lock::Printed(1)) == LockState::kClosed);
}

TEST_CASE("an inverted hook reads the other way round", "[lock]") {
  OneBoard f(/*has_ir=*/false, /*invert=*/true);

  f.ReadTwice(0x0000);

  CHECK(f.board.state(*cu16::Lock::Printed(1)) == LockState::kClosed);
  CHECK(f.board.agreed().closed == kAll);
}

TEST_CASE("a return says whether the item ever left", "[lock]") {
  OneBoard f(/*has_ir=*/true);
  f.ReadTwice(kAll);
  f.ReadTwice(0xFFFE);

  SECTION("it did") {
    f.ReadTwice(0xFFFE, 0xFFFE);
  }
  SECTION("it did not") {}
  const bool left = f.board.agreed().items != kAll;
  const auto changes = f.ReadTwice(kAll, kAll);

  REQUIRE(changes.size() == 1);
  CHECK(changes[0].report == LockReport::kClosed);
  CHECK(changes[0].left == (left ? ItemLeft::kYes : ItemLeft::kNo));
  CHECK(changes[0].item_present);
}

TEST_CASE("without sensors nobody knows whether the item left", "[lock]") {
  OneBoard f;
  f.ReadTwice(kAll);
  f.ReadTwice(0xFFFE);

  const auto changes = f.ReadTwice(kAll);

  REQUIRE(changes.size() == 1);
  CHECK(changes[0].left == ItemLeft::kUnknown);
}

TEST_CASE("a hook that closes on nothing is told, and again when the item is there", "[lock]") {
  OneBoard f(/*has_ir=*/true);
  f.ReadTwice(kAll);
  f.ReadTwice(0xFFFE, 0xFFFE);

  const auto empty = f.ReadTwice(kAll, 0xFFFE);
  REQUIRE(empty.size() == 1);
  CHECK(empty[0].report == LockReport::kClosed);
  CHECK_FALSE(empty[0].item_present);
  CHECK(empty[0].left == ItemLeft::kYes);

  const auto full = f.ReadTwice(kAll, kAll);
  REQUIRE(full.size() == 1);
  CHECK(full[0].report == LockReport::kClosed);
  CHECK(full[0].item_present);
}

TEST_CASE("an item that vanishes behind a closed hook is ignored and counted once", "[lock]") {
  OneBoard f(/*has_ir=*/true);
  f.ReadTwice(kAll);

  CHECK(f.ReadTwice(kAll, 0xFFFE).empty());
  CHECK(f.ReadTwice(kAll, 0xFFFE).empty());

  CHECK(f.board.ignored_events() == 1);
  CHECK(f.board.state(*cu16::Lock::Printed(1)) == LockState::kClosed);
}

TEST_CASE("what changed while nobody watched is found by the sweep", "[lock]") {
  const LockMark closed{ControllerId("c"), 3, static_cast<int>(LockState::kClosed), 0};
  OneBoard f(/*has_ir=*/false, /*invert=*/false, {closed});

  const auto changes = f.ReadTwice(static_cast<uint16_t>(~(1u << 2)));

  const auto third = std::find_if(changes.begin(), changes.end(),
                                  [](const LockChange& change) { return change.lock == 3; });
  REQUIRE(third != changes.end());
  CHECK(third->report == LockReport::kOpened);
  CHECK(third->swept);
}

TEST_CASE("\"it never left\" does not outlive a gap in watching", "[lock]") {
  OneBoard f(/*has_ir=*/true);
  f.ReadTwice(kAll);
  f.ReadTwice(0xFFFE);
  CHECK(f.board.Unreachable());
  CHECK_FALSE(f.board.Unreachable());

  const auto changes = f.ReadTwice(kAll);

  REQUIRE(changes.size() == 1);
  CHECK(changes[0].left == ItemLeft::kUnknown);
  CHECK(changes[0].swept);
}

TEST_CASE("after a restart only \"it left\" is still known", "[lock]") {
  const auto [kept, told] = GENERATE(table<ItemLeft, ItemLeft>({
      {ItemLeft::kYes, ItemLeft::kYes},
      {ItemLeft::kNo, ItemLeft::kUnknown},
      {ItemLeft::kUnknown, ItemLeft::kUnknown},
  }));
  const LockMark open{ControllerId("c"), 1, static_cast<int>(LockState::kOpen),
                      static_cast<int>(kept)};
  OneBoard f(/*has_ir=*/true, /*invert=*/false, {open});

  const auto changes = f.ReadTwice(kAll);

  REQUIRE_FALSE(changes.empty());
  CHECK(changes[0].report == LockReport::kClosed);
  CHECK(changes[0].left == told);
}

TEST_CASE("ten polls without an answer lose a board, once", "[lock]") {
  OneBoard f;
  f.ReadTwice(kAll);

  for (int poll = 1; poll < Board::kPollsUntilLost; ++poll) CHECK_FALSE(f.board.Missed());
  CHECK(f.board.Missed());
  CHECK_FALSE(f.board.Missed());
  CHECK(f.board.reach() == Reach::kLost);

  f.Read(kAll);
  CHECK(f.board.reach() == Reach::kFound);
}

}  // namespace
}  // namespace cartwise::edge
