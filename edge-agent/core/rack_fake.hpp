#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "cartwise/testing/clock_fake.hpp"
#include "core/cu16/frame.hpp"
#include "core/doorbell.hpp"
#include "core/port.hpp"

namespace cartwise::edge {

/// Sleeps by moving the clock.
class FakeBell final : public Doorbell {
 public:
  explicit FakeBell(testing::FakeClock& clock) : clock_(clock) {}
  void Ring() override { ++rings_; }
  void WaitUntil(absl::Duration until) override {
    if (std::exchange(rings_, 0) > 0) return;
    ++waits_;
    const absl::Duration left = until - clock_.SinceBoot();
    if (left > absl::ZeroDuration()) clock_.Advance(left);
  }
  int waits() const { return waits_; }

 private:
  testing::FakeClock& clock_;
  int rings_ = 0;
  int waits_ = 0;
};

/// Lock boards on a line, in a world whose clock a test owns. Outlives agents,
/// as hardware does.
class FakeRack {
 public:
  struct BoardModel {
    uint16_t hooks = 0xFFFF;  ///< as on the wire
    uint16_t items = 0xFFFF;
    bool silent = false;
    std::set<int> jammed;  ///< lock numbers that do not give way
    absl::Duration opens_after = absl::ZeroDuration();
  };
  struct Frame {
    absl::Duration at;
    std::vector<uint8_t> bytes;
    bool opens() const { return bytes.size() > 2 && bytes[2] == 0x31; }
  };

  testing::FakeClock clock;
  std::map<int, BoardModel> boards;
  std::vector<Frame> frames;  ///< everything the agent ever sent
  int lose_replies = 0;       ///< so many next answers never arrive
  bool plugged = true;
  /// When the adapter is pulled.
  enum class Goes { kNever, kBeforeWrite, kAfterWrite } goes = Goes::kNever;
  int open_attempts = 0;
  absl::Duration think = absl::Milliseconds(1);

  void Open(int board, int lock) { SetHook(board, lock, false); }
  void Close(int board, int lock) { SetHook(board, lock, true); }
  void SetItem(int board, int lock, bool present) { Set(boards.at(board).items, lock, present); }

  std::vector<Frame> Pulses() const {
    std::vector<Frame> pulses;
    for (const Frame& frame : frames) {
      if (frame.opens()) pulses.push_back(frame);
    }
    return pulses;
  }
  /// Status frames sent after the first pulse and before the second.
  int ReadsBetweenPulses() const {
    int pulses = 0, reads = 0;
    for (const Frame& frame : frames) {
      if (frame.opens() && ++pulses == 2) break;
      reads += pulses == 1 && !frame.opens();
    }
    return reads;
  }

 private:
  friend class FakePort;
  static constexpr int kBaud = 19200;

  static void Set(uint16_t& mask, int lock, bool on) {
    const auto bit = static_cast<uint16_t>(1u << (lock - 1));
    mask = static_cast<uint16_t>(on ? mask | bit : mask & ~bit);
  }
  void SetHook(int board, int lock, bool closed) { Set(boards.at(board).hooks, lock, closed); }

  void Settle() {
    for (auto opening = openings_.begin(); opening != openings_.end();) {
      if (opening->at > clock.SinceBoot()) {
        ++opening;
        continue;
      }
      Open(opening->board, opening->lock);
      opening = openings_.erase(opening);
    }
  }

  void Take(std::span<const uint8_t> bytes) {
    frames.push_back({clock.SinceBoot(), {bytes.begin(), bytes.end()}});
    const int board = bytes[1] >> 4;
    replies_.clear();
    reply_at_ = clock.SinceBoot() + Wire(bytes.size()) + think;
    if (bytes[2] == 0x31 && boards.contains(board)) {
      const int lock = (bytes[1] & 15) + 1;
      const BoardModel& model = boards.at(board);
      if (!model.silent && !model.jammed.contains(lock)) {
        openings_.push_back({reply_at_ + model.opens_after, board, lock});
      }
    }
    if (bytes[2] == 0x30) Answer(board, 0x35);
    if (bytes[2] == 0x32) {
      for (const auto& [address, model] : boards) Answer(address, 0x36);
    }
  }

  void Answer(int board, uint8_t code) {
    const auto found = boards.find(board);
    if (found == boards.end() || found->second.silent) return;
    if (lose_replies > 0) {
      --lose_replies;
      return;
    }
    reply_at_ += Wire(cu16::kReplySize);
    replies_.push_back({reply_at_, board, code});
  }

  std::vector<uint8_t> Next() {
    const PendingReply reply = replies_.front();
    replies_.pop_front();
    Settle();
    const BoardModel& model = boards.at(reply.board);
    std::vector<uint8_t> bytes = {0x02,
                                  static_cast<uint8_t>(reply.board << 4),
                                  reply.code,
                                  static_cast<uint8_t>(model.hooks & 255),
                                  static_cast<uint8_t>(model.hooks >> 8),
                                  static_cast<uint8_t>(model.items & 255),
                                  static_cast<uint8_t>(model.items >> 8),
                                  0x03};
    bytes.push_back(cu16::Checksum(bytes));
    return bytes;
  }

  static absl::Duration Wire(size_t bytes) {
    return absl::FromChrono(cu16::WireTime(bytes, kBaud));
  }

  struct PendingReply {
    absl::Duration at;
    int board;
    uint8_t code;
  };
  struct Opening {
    absl::Duration at;
    int board;
    int lock;
  };
  std::deque<PendingReply> replies_;
  std::vector<Opening> openings_;
  absl::Duration reply_at_;
};

class FakePort final : public Port {
 public:
  explicit FakePort(FakeRack& rack) : rack_(rack) {}

  absl::Status Write(std::span<const uint8_t> bytes) override {
    if (rack_.goes == FakeRack::Goes::kBeforeWrite) rack_.plugged = false;
    if (!rack_.plugged) return absl::FailedPreconditionError("unplugged");
    rack_.Take(bytes);
    if (rack_.goes == FakeRack::Goes::kAfterWrite) rack_.plugged = false;
    return rack_.plugged ? absl::OkStatus() : absl::UnavailableError("unplugged");
  }

  absl::StatusOr<size_t> Read(std::span<uint8_t> into, absl::Duration until) override {
    if (!rack_.plugged) return absl::UnavailableError("unplugged");
    const bool there = !rack_.replies_.empty() && rack_.replies_.front().at <= until;
    const absl::Duration then = there ? rack_.replies_.front().at : until;
    if (then > rack_.clock.SinceBoot()) rack_.clock.Advance(then - rack_.clock.SinceBoot());
    if (!there) return size_t{0};
    const std::vector<uint8_t> bytes = rack_.Next();
    std::copy(bytes.begin(), bytes.end(), into.begin());
    return bytes.size();
  }

  void DiscardInput() override { rack_.replies_.clear(); }

 private:
  FakeRack& rack_;
};

class FakeOpener final : public PortOpener {
 public:
  explicit FakeOpener(FakeRack& rack) : rack_(rack) {}
  absl::StatusOr<std::unique_ptr<Port>> Open() override {
    ++rack_.open_attempts;
    if (!rack_.plugged) return absl::NotFoundError("no such port");
    return std::make_unique<FakePort>(rack_);
  }

 private:
  FakeRack& rack_;
};

}  // namespace cartwise::edge
