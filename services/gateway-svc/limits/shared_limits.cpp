#include "limits/shared_limits.hpp"

#include <hiredis/hiredis.h>

#include <regex>

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::gateway {
namespace {

using Connection = std::unique_ptr<redisContext, decltype(&redisFree)>;
using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

constexpr timeval kPatience{0, 500'000};

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

absl::Status Away(const std::string& why) {
  return absl::UnavailableError(absl::StrCat("Redis: ", why));
}

}  // namespace

struct SharedLimits::State {
  std::string host;
  int port = 6379;
  std::string password;
  std::string database;
  Connection connection{nullptr, &redisFree};

  absl::Status Connect();
  absl::Status Do(const char* command, const std::string& argument);
  absl::StatusOr<absl::Duration> NextAnswer();
};

absl::Status SharedLimits::State::Do(const char* command, const std::string& argument) {
  if (argument.empty()) return absl::OkStatus();
  const Reply reply(
      static_cast<redisReply*>(redisCommand(connection.get(), command, argument.c_str())),
      &freeReplyObject);
  if (!reply) return Away(connection->errstr);
  return reply->type == REDIS_REPLY_ERROR ? Away(reply->str) : absl::OkStatus();
}

absl::Status SharedLimits::State::Connect() {
  if (connection) return absl::OkStatus();
  connection.reset(redisConnectWithTimeout(host.c_str(), port, kPatience));
  if (!connection) return Away("out of memory");
  if (connection->err != 0) return Away(connection->errstr);
  redisSetTimeout(connection.get(), kPatience);
  CW_RETURN_IF_ERROR(Do("AUTH %s", password));
  return Do("SELECT %s", database);
}

absl::StatusOr<absl::Duration> SharedLimits::State::NextAnswer() {
  void* raw = nullptr;
  if (redisGetReply(connection.get(), &raw) != REDIS_OK) return Away(connection->errstr);
  const Reply reply(static_cast<redisReply*>(raw), &freeReplyObject);
  if (reply->type != REDIS_REPLY_INTEGER) {
    return Away(reply->str != nullptr ? reply->str : "not the answer of the script");
  }
  return absl::Microseconds(reply->integer);
}

absl::StatusOr<std::unique_ptr<SharedLimits>> SharedLimits::Of(const std::string& url) {
  static const std::regex kUrl(R"(redis://(?::([^@/]+)@)?([^:/@]+)(?::(\d{1,5}))?(?:/(\d{1,3}))?)");
  std::smatch parts;
  if (!std::regex_match(url, parts, kUrl)) {
    return absl::InvalidArgumentError("must be redis://[:PASSWORD@]HOST[:PORT][/DATABASE]");
  }
  auto state = std::make_unique<State>();
  state->password = parts[1];
  state->host = parts[2];
  if (parts[3].matched) state->port = std::stoi(parts[3]);
  state->database = parts[4];
  return std::unique_ptr<SharedLimits>(new SharedLimits(std::move(state)));
}

SharedLimits::SharedLimits(std::unique_ptr<State> state) : state_(std::move(state)) {}
SharedLimits::~SharedLimits() = default;

absl::StatusOr<std::vector<absl::Duration>> SharedLimits::Exchange(
    const std::vector<Drawn>& drawn) {
  const auto exchange = [&]() -> absl::StatusOr<std::vector<absl::Duration>> {
    CW_RETURN_IF_ERROR(state_->Connect());
    for (const Drawn& each : drawn) {
      const std::string key = absl::StrCat("cartwise:rate:", each.bucket);
      const std::string micros = absl::StrCat(absl::ToInt64Microseconds(each.refill));
      redisAppendCommand(state_->connection.get(), "EVAL %s 1 %b %d %s", kScript, key.data(),
                         key.size(), each.count, micros.c_str());
    }
    std::vector<absl::Duration> left;
    for (size_t i = 0; i < drawn.size(); ++i) {
      CW_ASSIGN_OR_RETURN(left.emplace_back(), state_->NextAnswer());
    }
    return left;
  };
  auto left = exchange();
  // Answers that were not read would be taken for those of the next commands.
  if (!left.ok()) state_->connection.reset();
  return left;
}

}  // namespace cartwise::gateway
