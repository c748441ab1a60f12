#include "sim/host_frame.hpp"

#include <numeric>

#include "cartwise/base/text.hpp"

namespace cartwise::sim {
namespace {

constexpr uint8_t kStx = 0x02;
constexpr uint8_t kEtx = 0x03;
constexpr uint8_t kOtaTail = 0x5F;
constexpr Micros kPauseEndsFrame = 20'000;

enum class Verdict { kMore, kFrame, kBad };
struct Judged {
  Verdict verdict;
  size_t size = 0;
};

uint8_t Sum(const Bytes& bytes, size_t count) {
  return static_cast<uint8_t>(std::accumulate(bytes.begin(), bytes.begin() + count, 0u));
}

bool EndsWell(const Bytes& b, size_t size) {
  return b.size() >= size && b[size - 2] == kEtx && b[size - 1] == Sum(b, size - 1);
}

Judged JudgeOta(const Bytes& b) {
  if (b.size() < 6) return {Verdict::kMore};
  const size_t size = 6 + b[3];
  if (b[4] != kOtaTail || b[3] > 16) return {Verdict::kBad};
  if (b.size() < size) return {Verdict::kMore};
  uint8_t sum = Sum(b, 5);
  for (size_t i = 6; i < size; ++i) sum = static_cast<uint8_t>(sum + b[i]);
  return sum == b[5] ? Judged{Verdict::kFrame, size} : Judged{Verdict::kBad};
}

Judged Judge(const Bytes& b) {
  if (b[0] == kOtaHead) return JudgeOta(b);
  if (b.size() < 3) return {Verdict::kMore};
  size_t size = 5;
  switch (b[2]) {
    case kStatus:
    case kUnlock:
    case kStatusAll:
    case kUnlockAll:
      break;
    case kDelay:
    case kBaud:
      size = 6;
      break;
    case kPulse:
      // A query is five bytes, a setting seven.
      if (EndsWell(b, 5)) return {Verdict::kFrame, 5};
      size = 7;
      break;
    default:
      return {Verdict::kBad};
  }
  if (b.size() < size) return {Verdict::kMore};
  return EndsWell(b, size) ? Judged{Verdict::kFrame, size} : Judged{Verdict::kBad};
}

Bytes Values(const std::vector<WireByte>& held) {
  Bytes values;
  for (const WireByte& byte : held) values.push_back(byte.value);
  return values;
}

}  // namespace

Bytes HostFrame::data() const {
  if (ota()) return {bytes.begin() + 6, bytes.end()};
  return {bytes.begin() + 3, bytes.end() - 2};
}

std::string HostFrame::Hex() const {
  return HexEncode(std::string(bytes.begin(), bytes.end()));
}

std::optional<HostFrame> HostFrameReader::Push(WireByte byte) {
  if (!held_.empty() && byte.read_at > held_.back().over_at + kPauseEndsFrame) {
    ++bad_frames_;
    held_.clear();
  }
  held_.push_back(byte);
  while (!held_.empty()) {
    const Bytes bytes = Values(held_);
    if (bytes[0] != kStx && bytes[0] != kOtaHead) {
      ++garbage_bytes_;
      held_.erase(held_.begin());
      continue;
    }
    const auto [verdict, size] = Judge(bytes);
    if (verdict == Verdict::kMore) return std::nullopt;
    if (verdict == Verdict::kFrame) {
      HostFrame frame{.bytes = Bytes(bytes.begin(), bytes.begin() + size),
                      .first_byte_at = held_.front().read_at,
                      .done_at = held_[size - 1].over_at};
      held_.erase(held_.begin(), held_.begin() + size);
      return frame;
    }
    ++bad_frames_;
    held_.erase(held_.begin());
  }
  return std::nullopt;
}

Bytes Answer(int board, uint8_t code, uint16_t hooks, uint8_t d3, uint8_t d4) {
  Bytes bytes{kStx,
              static_cast<uint8_t>(board << 4),
              code,
              static_cast<uint8_t>(hooks & 0xFF),
              static_cast<uint8_t>(hooks >> 8),
              d3,
              d4,
              kEtx};
  bytes.push_back(Sum(bytes, bytes.size()));
  return bytes;
}

Bytes VersionAnswer(int board) {
  Bytes bytes{kOtaHead, kOtaVersion, static_cast<uint8_t>(board), 2, kOtaTail, 0, 1, 1};
  bytes[5] = Sum(bytes, bytes.size());
  return bytes;
}

}  // namespace cartwise::sim
