#include "sim/bus.hpp"

#include <algorithm>
#include <utility>

namespace cartwise::sim {
namespace {

constexpr size_t kAnswerSize = 9;
constexpr size_t kVersionSize = 8;
constexpr size_t kHalfFrame = 4;
constexpr Micros kFlashWrite = 500'000;
constexpr Micros kSecond = 1'000'000;
constexpr Micros kPulseUnit = 10'000;

}  // namespace

Bus::Bus(Boards& boards, Agenda& agenda, Pace pace, EventSink sink, Send send)
    : boards_(boards),
      agenda_(agenda),
      pace_(pace),
      sink_(std::move(sink)),
      send_(std::move(send)) {
  for (const int board : boards.addresses()) electronics_[board];
}

void Bus::Receive(std::span<const uint8_t> bytes, Micros now) {
  if (now < answering_until_) ++counters_.collisions;
  for (const uint8_t byte : bytes) {
    line_free_at_ = std::max(line_free_at_, static_cast<double>(now)) + pace_.byte_us;
    const WireByte over{Disturb(byte), now, static_cast<Micros>(line_free_at_)};
    if (const auto frame = reader_.Push(over)) {
      agenda_.At(frame->done_at, [this, frame = *frame](Micros then) { Handle(frame, then); });
    }
  }
  if (!faults_.echo) return;
  agenda_.At(static_cast<Micros>(line_free_at_),
             [this, copy = Bytes(bytes.begin(), bytes.end())](Micros) { send_(copy); });
}

void Bus::Handle(const HostFrame& frame, Micros now) {
  ++counters_.frames;
  if (UseOne(faults_.busy)) return;
  Micros free_at = now;
  for (const int board : Addressed(frame)) {
    Electronics& own = electronics_.at(board);
    ++own.frames;
    if (faults_.silent.contains(board) || own.erased || now < own.deaf_until) continue;
    free_at = frame.ota() ? ObeyOta(board, frame, free_at) : Obey(board, frame, free_at);
  }
  answering_until_ = std::max(answering_until_, free_at);
}

std::vector<int> Bus::Addressed(const HostFrame& frame) const {
  const uint8_t command = frame.command();
  const bool speaks_to_all =
      command == kStatusAll || command == kPulse || command == kDelay || command == kBaud;
  const bool to_all =
      frame.ota() ? frame.address() == kOtaToAll : frame.address() == kToAll && speaks_to_all;
  if (to_all) return boards_.addresses();
  const int board = frame.ota() ? frame.address() : frame.address() >> 4;
  return boards_.Has(board) ? std::vector{board} : std::vector<int>{};
}

// Answers when the frame has one; returns when the line is free again.
Micros Bus::Obey(int board, const HostFrame& frame, Micros now) {
  const Electronics& own = electronics_.at(board);
  const Micros fires_at = now + own.delay * kSecond;
  switch (frame.command()) {
    case kStatus:
      return AnswerStatus(board, 0x35, now);
    case kStatusAll:
      return AnswerStatus(board, 0x36, now);
    case kUnlock:
      Unlock(board, frame.address() % kLocks + 1, frame, fires_at);
      return now;
    case kUnlockAll:
      // One after another, so that the supply holds.
      for (int i = 0; i < kLocks; ++i) {
        Unlock(board, i + 1, frame, fires_at + i * own.pulse * kPulseUnit);
      }
      return AnswerStatus(board, 0x35, now);
    default:
      if (!frame.data().empty()) Set(board, frame, now);
      return AnswerSetting(board, frame.command() == kPulse ? 0x38 : frame.command(), now);
  }
}

Micros Bus::ObeyOta(int board, const HostFrame& frame, Micros now) {
  if (frame.command() == kOtaVersion) {
    return Later(kVersionSize, now, [board](Micros) { return VersionAnswer(board); });
  }
  if (frame.command() == kOtaErase) {
    electronics_.at(board).erased = true;
    sink_({.name = "erased",
           .at = now,
           .board = board,
           .cause = frame.Hex(),
           .first_byte_at = frame.first_byte_at});
  }
  return now;
}

void Bus::Unlock(int board, int lock, const HostFrame& frame, Micros when) {
  const auto fire = [this, board, lock,
                     cause = Cause{frame.Hex(), frame.first_byte_at}](Micros now) {
    boards_.Pulse(board, lock, cause, now);
    if (faults_.lost_reply_after_pulse == 0) return;
    faults_.lost_reply = std::exchange(faults_.lost_reply_after_pulse, 0);
  };
  if (when <= frame.done_at) return fire(when);
  agenda_.At(when, fire);
}

void Bus::Set(int board, const HostFrame& frame, Micros now) {
  Electronics& own = electronics_.at(board);
  const Bytes data = frame.data();
  if (frame.command() == kPulse) own.pulse = static_cast<uint16_t>(data[0] << 8 | data[1]);
  if (frame.command() == kDelay && data[0] <= 250) own.delay = data[0];
  if (frame.command() == kBaud && data[0] <= 3) own.baud = data[0];
  own.deaf_until = now + kFlashWrite;
  sink_({.name = "setting",
         .at = now,
         .board = board,
         .cause = frame.Hex(),
         .first_byte_at = frame.first_byte_at});
}

Micros Bus::AnswerStatus(int board, uint8_t code, Micros now) {
  return Later(kAnswerSize, now, [this, board, code](Micros then) {
    const uint16_t items = boards_.ItemBits(board);
    return Answer(board, code, boards_.HookBits(board, then), items & 0xFF, items >> 8);
  });
}

Micros Bus::AnswerSetting(int board, uint8_t code, Micros now) {
  return Later(kAnswerSize, now, [this, board, code](Micros then) {
    const Electronics& own = electronics_.at(board);
    const uint16_t hooks = boards_.HookBits(board, then);
    if (code == 0x38) return Answer(board, code, hooks, own.pulse >> 8, own.pulse & 0xFF);
    return Answer(board, code, hooks, 0, code == kDelay ? own.delay : own.baud);
  });
}

// The content is what holds when the first byte leaves; the agent gets it when
// the last one arrives.
Micros Bus::Later(size_t bytes, Micros now, std::function<Bytes(Micros)> make) {
  const Micros leaves = now + pace_.think;
  const Micros there =
      leaves + faults_.late_reply + static_cast<Micros>(pace_.byte_us * static_cast<double>(bytes));
  agenda_.At(leaves, [this, there, make = std::move(make)](Micros then) {
    agenda_.At(there, [this, answer = make(then)](Micros) { Transmit(answer); });
  });
  return there;
}

void Bus::Transmit(Bytes answer) {
  if (UseOne(faults_.lost_reply)) return;
  if (UseOne(faults_.half_frame)) answer.resize(std::min(answer.size(), kHalfFrame));
  for (int i = 0; i < faults_.garbage; ++i) {
    answer.insert(answer.begin(), static_cast<uint8_t>(random_()));
  }
  for (uint8_t& byte : answer) byte = Disturb(byte);
  ++counters_.replies;
  send_(answer);
}

uint8_t Bus::Disturb(uint8_t byte) {
  if (faults_.noise <= 0) return byte;
  std::bernoulli_distribution flips(faults_.noise);
  for (int bit = 0; bit < 8; ++bit) {
    if (flips(random_)) byte ^= static_cast<uint8_t>(1 << bit);
  }
  return byte;
}

}  // namespace cartwise::sim
