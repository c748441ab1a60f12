#include "proxy/health_watch.hpp"

#include <algorithm>

#include <absl/strings/str_cat.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace cartwise::gateway {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(2);
constexpr std::chrono::seconds kPeriod{5};

/// HealthCheckResponse with `status = SERVING` and nothing else.
bool SaysServing(const UnaryAnswer& answer) {
  return answer.status.ok() && answer.message == "\x08\x01";
}

}  // namespace

HealthWatch::HealthWatch(Upstreams& upstreams) : upstreams_(upstreams) {
  for (const auto& [area, upstream] : upstreams.all()) serving_[area] = false;
}

boost::asio::awaitable<void> HealthWatch::Check(Outbound& outbound) {
  static const std::string kMethod = "/grpc.health.v1.Health/Check";
  for (auto& [area, upstream] : upstreams_.all()) {
    CallMetadata metadata;
    metadata.traceparent = NextTraceparent("");
    UnaryRequest call{upstream, kMethod, metadata, kPatience, ""};
    const UnaryAnswer answer = co_await CallUnary(outbound, std::move(call), nullptr);
    serving_[area] = SaysServing(answer);
  }
}

boost::asio::awaitable<void> HealthWatch::Run(Outbound& outbound) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  for (;;) {
    co_await Check(outbound);
    timer.expires_after(kPeriod);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

bool HealthWatch::AllServing() const {
  return std::all_of(serving_.begin(), serving_.end(),
                     [](const auto& entry) { return entry.second.load(); });
}

std::string HealthWatch::ToJson() const {
  std::string upstreams;
  for (const auto& [area, serving] : serving_) {
    absl::StrAppend(&upstreams, upstreams.empty() ? "" : ",", "\"", area, "\":\"",
                    serving ? "ok" : "unreachable", "\"");
  }
  return absl::StrCat("{\"status\":\"", AllServing() ? "ok" : "degraded", "\",\"upstreams\":{",
                      upstreams, "}}");
}

}  // namespace cartwise::gateway
