#include "domain/otp.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include <absl/strings/str_split.h>

#include "domain/otp_limits.hpp"

namespace cartwise::tenant {
namespace {

constexpr uint32_t kCodes = 1'000'000;

std::string Strip(std::string text) {
  // gRPC's own peers: "ipv4:127.0.0.1:5000", "ipv6:%5B::1%5D:5000".
  if (text.starts_with("ipv4:")) return text.substr(5, text.rfind(':') - 5);
  for (const auto& [open, close] : {std::pair("[", "]"), std::pair("%5B", "%5D")}) {
    const size_t from = text.find(open), to = text.find(close);
    if (from != std::string::npos && to != std::string::npos && from < to) {
      const size_t start = from + std::string(open).size();
      return text.substr(start, to - start);
    }
  }
  return text;
}

// The 16-bit groups of one side of "::".
std::vector<std::string> Groups(const std::string& side) {
  if (side.empty()) return {};
  return absl::StrSplit(side, ':');
}

}  // namespace

std::optional<OtpRefusal> JudgeSend(const OtpLimits& limits, const OtpHistory& history,
                                    absl::Time now) {
  const auto until = [&](const std::optional<absl::Time>& time) {
    return time && *time > now ? *time - now : absl::ZeroDuration();
  };
  const absl::Duration hour = absl::Hours(1), day = absl::Hours(24);
  if (const auto wait = until(history.phone_blocked_until); wait > absl::ZeroDuration()) {
    return OtpRefusal{"tries", wait};
  }
  if (history.last_to_phone) {
    const auto wait = until(*history.last_to_phone + limits.WaitAfter(history.phone_hour));
    if (wait > absl::ZeroDuration() && history.phone_hour > 0) return OtpRefusal{"resend", wait};
  }
  if (history.phone_quarter_hour >= limits.per_phone_quarter_hour) {
    return OtpRefusal{"phone", absl::Minutes(15)};
  }
  if (history.phone_day >= limits.per_phone_day) return OtpRefusal{"phone_day", day};
  if (history.address_hour >= limits.per_address_hour) return OtpRefusal{"address", hour};
  if (const auto wait = until(history.prefix_stopped_until); wait > absl::ZeroDuration()) {
    return OtpRefusal{"prefix_stopped", wait};
  }
  if (history.prefix_hour >= limits.watched_sends &&
      history.prefix_hour_verified * 100 < limits.least_verified_percent * history.prefix_hour) {
    return OtpRefusal{"prefix_stopped", limits.prefix_stop, true};
  }
  if (history.prefix_hour >= limits.per_prefix_hour) return OtpRefusal{"prefix", hour};
  if (history.branch_hour >= limits.per_branch_hour) return OtpRefusal{"branch", hour};
  if (history.chain_day >= limits.per_chain_day) return OtpRefusal{"chain_day", day};
  if (history.day >= limits.per_day) return OtpRefusal{"day", day};
  return std::nullopt;
}

std::string SixDigits(absl::FunctionRef<uint32_t()> next) {
  // Numbers at the top, where the last round of codes would be cut short, are
  // drawn again: a remainder of them would make low codes likelier.
  constexpr uint32_t kFair = std::numeric_limits<uint32_t>::max() / kCodes * kCodes;
  uint32_t number = next();
  while (number >= kFair) number = next();
  std::string digits = std::to_string(number % kCodes);
  return std::string(6 - digits.size(), '0') + digits;
}

bool IsCode(std::string_view text) {
  return text.size() == 6 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool SameSecret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  volatile unsigned char differs = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    differs = static_cast<unsigned char>(differs | (a[i] ^ b[i]));
  }
  return differs == 0;
}

std::string PrefixOf(const std::string& e164) {
  return e164.substr(0, e164.size() - std::min<size_t>(4, e164.size()));
}

std::string NetworkOf(const std::string& peer) {
  std::string address = Strip(peer);
  if (std::count(address.begin(), address.end(), ':') < 2) return address;
  if (address.find('.') != std::string::npos) return address.substr(address.rfind(':') + 1);
  const size_t gap = address.find("::");
  auto groups = Groups(address.substr(0, gap));
  if (gap != std::string::npos) {
    const auto tail = Groups(address.substr(gap + 2));
    if (groups.size() + tail.size() < 8) groups.resize(8 - tail.size(), "0");
    groups.insert(groups.end(), tail.begin(), tail.end());
  }
  groups.resize(4, "0");
  std::string network;
  for (auto& group : groups) {
    group.erase(0, std::min(group.find_first_not_of('0'), group.size()));
    network += group + ":";
  }
  return network + ":/64";
}

std::string UuidOfHash(std::string_view hex) {
  std::string text(hex.substr(0, 32));
  text[12] = '8';
  text[16] = "89ab"[text[16] & 3];
  return text.substr(0, 8) + "-" + text.substr(8, 4) + "-" + text.substr(12, 4) + "-" +
         text.substr(16, 4) + "-" + text.substr(20);
}

}  // namespace cartwise::tenant
