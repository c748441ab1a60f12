#include "revocations/revocation_watch.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "cartwise/obs/log.hpp"
#include "cartwise/rpc/values.hpp"

namespace cartwise::gateway {
namespace {

namespace v1 = tenant::v1;

constexpr auto kFirstWait = std::chrono::milliseconds(100);
constexpr auto kLongestWait = std::chrono::milliseconds(2'000);

std::optional<Revocation::Kind> KindOf(v1::Revocation::Kind kind) {
  switch (kind) {
    case v1::Revocation::SIGN_IN:
      return Revocation::Kind::kSignIn;
    case v1::Revocation::USER:
      return Revocation::Kind::kUser;
    case v1::Revocation::KEY:
      return Revocation::Kind::kKey;
    case v1::Revocation::SHOPPER:
      return Revocation::Kind::kShopper;
    default:
      return std::nullopt;  // of a newer tenant-svc
  }
}

}  // namespace

RevocationWatch::RevocationWatch(const std::shared_ptr<grpc::Channel>& tenant,
                                 obs::Metrics& metrics,
                                 std::function<void(const Revocation&)> heard)
    : tenant_(v1::RevocationService::NewStub(tenant)), metrics_(metrics), heard_(std::move(heard)) {
  metrics_.Describe(kRevocationsHeardMetric, "Whether the gateway hears of revocations.");
  metrics_.Gauge(kRevocationsHeardMetric, {}, 0);
  thread_ = std::thread([this] { Run(); });
}

RevocationWatch::~RevocationWatch() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    if (context_) context_->TryCancel();
  }
  stopped_.notify_all();
  thread_.join();
}

void RevocationWatch::Run() {
  auto wait = kFirstWait;
  for (;;) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
      context_ = std::make_unique<grpc::ClientContext>();
    }
    const grpc::Status status = Listen();
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    wait = is_heard_ ? kFirstWait : std::min(wait * 2, kLongestWait);
    SetHeard(false, status.error_message());
    stopped_.wait_for(lock, wait, [this] { return stopping_; });
  }
}

grpc::Status RevocationWatch::Listen() {
  const auto reader = tenant_->WatchRevocations(context_.get(), {});
  v1::WatchRevocationsResponse response;
  while (reader->Read(&response)) {
    for (const v1::Revocation& revocation : response.revocations()) {
      const auto kind = KindOf(revocation.kind());
      if (!kind) continue;
      heard_({*kind, revocation.id(), rpc::FromTimestamp(revocation.revoked_at()),
              revocation.rights_version()});
    }
    if (!response.more()) SetHeard(true, "");
  }
  return reader->Finish();
}

void RevocationWatch::SetHeard(bool heard, const std::string& why) {
  if (told_ && heard == is_heard_) return;
  told_ = true;
  is_heard_ = heard;
  metrics_.Gauge(kRevocationsHeardMetric, {}, heard ? 1 : 0);
  if (heard) {
    obs::Info("revocations are heard");
  } else {
    obs::Warning("revocations are not heard; what was revoked holds until its token ends",
                 {{"error", why}});
  }
}

}  // namespace cartwise::gateway
