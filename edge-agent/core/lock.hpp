#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cartwise::edge {

/// What is known of one lock after two agreeing reads.
enum class LockState : uint8_t {
  kUnknown = 0,      ///< never read
  kOpen = 1,         ///< hook open
  kClosed = 2,       ///< hook closed, and the item present where sensors are fitted
  kClosedEmpty = 3,  ///< hook closed, the item sensor reads empty
};

/// What two agreeing reads say.
enum class LockEvent : uint8_t { kSawOpen, kSawClosed, kSawClosedEmpty };

/// What the cloud is told of a step.
enum class LockReport : uint8_t { kNone, kOpened, kClosed };

/// Whether the item left its place since the lock opened.
enum class ItemLeft : uint8_t { kUnknown = 0, kNo = 1, kYes = 2 };

constexpr std::string_view ItemLeftName(ItemLeft left) {
  return left == ItemLeft::kNo ? "NO" : left == ItemLeft::kYes ? "YES" : "UNKNOWN";
}

struct LockEdge {
  LockState from;
  LockEvent event;
  LockState to;
  LockReport report;
};

/// Every step a lock can take. Anything else is ignored and counted: above all
/// an item that vanishes behind a closed hook, which only a sensor can do.
inline constexpr std::array kLock{
    LockEdge{LockState::kUnknown, LockEvent::kSawOpen, LockState::kOpen, LockReport::kNone},
    LockEdge{LockState::kUnknown, LockEvent::kSawClosed, LockState::kClosed, LockReport::kNone},
    LockEdge{LockState::kUnknown, LockEvent::kSawClosedEmpty, LockState::kClosedEmpty,
             LockReport::kNone},
    LockEdge{LockState::kClosed, LockEvent::kSawOpen, LockState::kOpen, LockReport::kOpened},
    LockEdge{LockState::kClosedEmpty, LockEvent::kSawOpen, LockState::kOpen, LockReport::kOpened},
    LockEdge{LockState::kOpen, LockEvent::kSawClosed, LockState::kClosed, LockReport::kClosed},
    LockEdge{LockState::kOpen, LockEvent::kSawClosedEmpty, LockState::kClosedEmpty,
             LockReport::kClosed},
    // The hook snapped before the item was in view.
    LockEdge{LockState::kClosedEmpty, LockEvent::kSawClosed, LockState::kClosed,
             LockReport::kClosed},
};

/// The step for an event; nullopt when the table lists none.
constexpr std::optional<LockEdge> Step(LockState from, LockEvent event) {
  for (const LockEdge& edge : kLock) {
    if (edge.from == from && edge.event == event) return edge;
  }
  return std::nullopt;
}

/// True when the event only repeats the state.
constexpr bool Says(LockEvent event, LockState state) {
  switch (event) {
    case LockEvent::kSawOpen:
      return state == LockState::kOpen;
    case LockEvent::kSawClosed:
      return state == LockState::kClosed;
    case LockEvent::kSawClosedEmpty:
      return state == LockState::kClosedEmpty;
  }
  return false;
}

namespace lock_proof {

constexpr bool Reports(LockState from, LockEvent event, LockReport report) {
  const auto edge = Step(from, event);
  return edge && edge->report == report;
}

constexpr bool NoEdgeTwice() {
  for (size_t i = 0; i < kLock.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (kLock[i].from == kLock[j].from && kLock[i].event == kLock[j].event) return false;
    }
  }
  return true;
}

constexpr bool OpeningIsAlwaysToldButTheFirstSight() {
  for (const LockEdge& edge : kLock) {
    const bool opens = edge.to == LockState::kOpen;
    if (opens != (edge.event == LockEvent::kSawOpen)) return false;
    if (opens && (edge.report == LockReport::kOpened) == (edge.from == LockState::kUnknown)) {
      return false;
    }
  }
  return true;
}

static_assert(NoEdgeTwice());
static_assert(OpeningIsAlwaysToldButTheFirstSight());
static_assert(Reports(LockState::kOpen, LockEvent::kSawClosed, LockReport::kClosed));
static_assert(Reports(LockState::kOpen, LockEvent::kSawClosedEmpty, LockReport::kClosed));
static_assert(Reports(LockState::kClosedEmpty, LockEvent::kSawClosed, LockReport::kClosed));
static_assert(!Step(LockState::kClosed, LockEvent::kSawClosedEmpty));
static_assert(!Step(LockState::kOpen, LockEvent::kSawOpen));

}  // namespace lock_proof
}  // namespace cartwise::edge
