#include "limits/shared_limits.hpp"

#include <absl/strings/str_cat.h>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::gateway {
namespace {

// The clock is Redis's own, so that those of the gateways may differ. What is full
// again is forgotten. KEYS: the bucket. ARGV: how many, microseconds that bring one.
constexpr char kScript[] = R"lua(
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local full_at = tonumber(redis.call('GET', KEYS[1]) or 0)
  if full_at < now then full_at = now end
  full_at = full_at + ARGV[1] * ARGV[2]
  local left = full_at - now
  if left > 0 then
    redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil(left / 1000))
  end
  return left
)lua";

absl::StatusOr<absl::Duration> NextAnswer(RedisLine& line) {
  CW_ASSIGN_OR_RETURN(const auto reply, line.NextReply());
  if (reply->type != REDIS_REPLY_INTEGER) {
    return absl::UnavailableError("Redis: not the answer of the script");
  }
  return absl::Microseconds(reply->integer);
}

}  // namespace

absl::StatusOr<std::vector<absl::Duration>> SharedLimits::Exchange(
    const std::vector<Drawn>& drawn) {
  const auto exchange = [&]() -> absl::StatusOr<std::vector<absl::Duration>> {
    if (!line_) {
      CW_ASSIGN_OR_RETURN(line_, RedisLine::Open(address_));
    }
    for (const Drawn& each : drawn) {
      const std::string key = absl::StrCat("cartwise:rate:", each.bucket);
      const std::string micros = absl::StrCat(absl::ToInt64Microseconds(each.refill));
      line_->Append("EVAL %s 1 %b %d %s", kScript, key.data(), key.size(), each.count,
                    micros.c_str());
    }
    std::vector<absl::Duration> left;
    for (size_t i = 0; i < drawn.size(); ++i) {
      CW_ASSIGN_OR_RETURN(left.emplace_back(), NextAnswer(*line_));
    }
    return left;
  };
  auto left = exchange();
  // Answers that were not read would be taken for those of the next commands.
  if (!left.ok()) line_.reset();
  return left;
}

}  // namespace cartwise::gateway
