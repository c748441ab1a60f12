#include "proxy/api_keys.hpp"

#include <utility>

#include <absl/strings/match.h>
#include <absl/time/clock.h>

#include "cartwise/auth/digest.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/rpc/server.hpp"
#include "cartwise/rpc/status.hpp"
#include "cartwise/rpc/values.hpp"
#include "cartwise/tenant/v1/api_keys.grpc.pb.h"

namespace cartwise::gateway {
namespace {

namespace v1 = tenant::v1;

constexpr absl::Duration kTimeout = absl::Seconds(3);
constexpr absl::Duration kBadFor = absl::Seconds(10);
constexpr absl::Duration kAskAgainAfter = absl::Seconds(10);

absl::Status Unavailable() {
  return errors::Refuse(absl::StatusCode::kUnavailable, "KEY_CHECK_UNAVAILABLE",
                        "API keys cannot be checked right now; try again in a few seconds");
}

}  // namespace

struct ApiKeys::Stub {
  std::unique_ptr<v1::ApiKeyExchangeService::Stub> to_tenant;
};

/// Everything gRPC holds pointers to until the call is over.
struct ApiKeys::Call {
  grpc::ClientContext context;
  v1::ExchangeApiKeyRequest request;
  v1::ExchangeApiKeyResponse response;
  std::shared_ptr<Turn> turn;
};

ApiKeys::ApiKeys(const std::shared_ptr<grpc::Channel>& channel, Upstream& tenant,
                 const auth::TokenVerifier& tokens, const Clock& clock, size_t kept)
    : stub_(new Stub{v1::ApiKeyExchangeService::NewStub(channel)}),
      tenant_(tenant),
      tokens_(tokens),
      clock_(clock),
      good_{kept},
      bad_{kept} {}

ApiKeys::Known* ApiKeys::Memory::Find(const Hash& hash) {
  for (auto* half : {&younger, &older}) {
    if (const auto found = half->find(hash); found != half->end()) return &found->second;
  }
  return nullptr;
}

void ApiKeys::Memory::Remember(const Hash& hash, Known known) {
  older.erase(hash);
  if (younger.size() >= half) {
    older = std::move(younger);
    younger.clear();
  }
  younger.insert_or_assign(hash, std::move(known));
}

void ApiKeys::Memory::Forget(const Hash& hash) {
  younger.erase(hash);
  older.erase(hash);
}

ApiKeys::~ApiKeys() {
  std::unique_lock lock(mutex_);
  answered_.wait(lock, [this] { return asking_.empty(); });
}

std::optional<KeyAnswer> ApiKeys::Find(const std::string& key) {
  const Hash hash = auth::Sha256(key);
  const absl::Time now = clock_.Now();
  std::optional<KeyAnswer> answer;
  bool ask = false;
  {
    std::lock_guard lock(mutex_);
    Known* known = good_.Find(hash);
    if (known == nullptr) known = bad_.Find(hash);
    if (known == nullptr || now >= known->until) return std::nullopt;
    answer = known->answer;
    ask = now >= known->ask_again_at && asking_.try_emplace(hash).second;
    if (ask) known->ask_again_at = now + kAskAgainAfter;
  }
  if (ask) Ask(key, hash);
  return answer;
}

void ApiKeys::Exchange(const std::string& key, Done done) {
  const Hash hash = auth::Sha256(key);
  {
    std::lock_guard lock(mutex_);
    const auto [asking, first] = asking_.try_emplace(hash);
    asking->second.waiting.push_back(std::move(done));
    if (!first) return;
  }
  Ask(key, hash);
}

void ApiKeys::Ask(const std::string& key, const Hash& hash) {
  const auto call = std::make_shared<Call>();
  call->request.set_key(key);
  rpc::Prepare(call->context, absl::Now() + kTimeout, "");
  // A tenant-svc that has just been started anew is worth a moment.
  call->context.set_wait_for_ready(true);
  const bool taken = tenant_.TakeTurn([this, key, hash, call](std::shared_ptr<Turn> turn) {
    call->turn = std::move(turn);
    stub_->to_tenant->async()->ExchangeApiKey(&call->context, &call->request, &call->response,
                                              [this, key, hash, call](const grpc::Status& status) {
                                                call->turn.reset();
                                                Answered(key, hash, Read(status, *call));
                                              });
  });
  if (!taken) Answered(key, hash, Unavailable());
}

void ApiKeys::Answered(const std::string& key, const Hash& hash, const KeyAnswer& answer) {
  std::vector<Done> waiting;
  bool again = false;
  {
    std::lock_guard lock(mutex_);
    Asking& asking = asking_[hash];
    again = std::exchange(asking.again, false) && answer.ok();
    if (!again) {
      waiting = std::move(asking.waiting);
      asking_.erase(hash);
      answered_.notify_all();
      Remember(hash, answer);
    }
  }
  if (again) return Ask(key, hash);
  for (const Done& done : waiting) done(answer);
}

KeyAnswer ApiKeys::Read(const grpc::Status& status, const Call& call) const {
  if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED) return rpc::FromGrpc(status);
  if (!status.ok()) return Unavailable();
  const v1::ExchangeApiKeyResponse& response = call.response;
  absl::StatusOr<Caller> caller = tokens_.Verify(response.access_token());
  if (!caller.ok() || caller->principal != Principal::kApiKey) return Unavailable();
  return std::make_shared<const ProvenKey>(ProvenKey{*std::move(caller), response.access_token(),
                                                     rpc::FromTimestamp(response.expires_at())});
}

/// An answer that says nothing of the key leaves what was known.
void ApiKeys::Remember(const Hash& hash, const KeyAnswer& answer) {
  const absl::Time now = clock_.Now();
  if (answer.ok()) {
    const absl::Time until = (*answer)->expires_at;
    good_.Remember(hash, {answer, until, now + (until - now) / 2});
    bad_.Forget(hash);
  } else if (absl::IsUnauthenticated(answer.status())) {
    bad_.Remember(hash, {answer, now + kBadFor, now + kBadFor});
    good_.Forget(hash);
  }
}

void ApiKeys::Forget(const std::string& key_id) {
  std::lock_guard lock(mutex_);
  for (auto* half : {&good_.younger, &good_.older}) {
    std::erase_if(
        *half, [&](const auto& entry) { return (*entry.second.answer)->caller.subject == key_id; });
  }
  for (auto& [hash, asking] : asking_) asking.again = true;
}

std::string ApiKeyIn(const std::string& authorization) {
  constexpr std::string_view kScheme = "Bearer ", kPrefix = "cwak_";
  constexpr size_t kMostBytes = 200;
  if (authorization.size() > kMostBytes || authorization.size() < kScheme.size() ||
      !absl::EqualsIgnoreCase(authorization.substr(0, kScheme.size()), "Bearer ")) {
    return "";
  }
  std::string key = authorization.substr(kScheme.size());
  return std::string_view(key).starts_with(kPrefix) ? key : "";
}

}  // namespace cartwise::gateway
