#include "api/revocations_rpc.hpp"

#include <algorithm>
#include <span>

#include "api/translation.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/rpc/status.hpp"

namespace cartwise::tenant {
namespace {

// How soon a watcher that has gone away is noticed.
constexpr absl::Duration kLookUp = absl::Seconds(1);
constexpr absl::Duration kReadWithin = absl::Seconds(5);
// Of one answer: a few hundred KB, where a gateway takes 4 MiB.
constexpr size_t kMostAtOnce = 10'000;

v1::WatchRevocationsResponse ToProto(std::span<const Revocation> revocations) {
  v1::WatchRevocationsResponse out;
  for (const Revocation& revocation : revocations) {
    auto& entry = *out.add_revocations();
    v1::Revocation::Kind kind = v1::Revocation::KIND_UNSPECIFIED;
    v1::Revocation::Kind_Parse(revocation.kind, &kind);
    entry.set_kind(kind);
    entry.set_id(revocation.id);
    *entry.mutable_revoked_at() = ToTimestamp(revocation.at);
    entry.set_rights_version(revocation.rights_version);
  }
  return out;
}

/// False when nobody hears it.
bool Tell(std::span<const Revocation> revocations,
          grpc::ServerWriter<v1::WatchRevocationsResponse>& out) {
  bool more = true;
  while (more) {
    const size_t size = std::min(revocations.size(), kMostAtOnce);
    v1::WatchRevocationsResponse answer = ToProto(revocations.first(size));
    revocations = revocations.subspan(size);
    more = !revocations.empty();
    answer.set_more(more);
    if (!out.Write(answer)) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::vector<Revocation>> RevocationsRpc::Recent() {
  Caller myself = Caller::Service("tenant-svc");
  myself.deadline = clock_.Now() + kReadWithin;
  absl::StatusOr<std::vector<Revocation>> recent;
  CW_RETURN_IF_ERROR(database_.Read(myself, [&](Store& store) {
    recent = store.RecentRevocations(clock_.Now());
    return recent.status();
  }));
  return recent;
}

grpc::Status RevocationsRpc::WatchRevocations(
    grpc::ServerContext* ctx, const v1::WatchRevocationsRequest*,
    grpc::ServerWriter<v1::WatchRevocationsResponse>* out) {
  const auto caller = guard_.AdmitStream(rpc::GrpcCallContext(*ctx),
                                         "cartwise.tenant.v1.RevocationService.WatchRevocations");
  if (!caller.ok()) return rpc::ToGrpc(caller.status());
  RevocationFeed::Watch watch(feed_);
  while (!ctx->IsCancelled()) {
    RevocationFeed::News news = watch.Next(kLookUp);
    if (news.over) return {grpc::StatusCode::UNAVAILABLE, "the service is ending"};
    if (news.missed) {
      auto recent = Recent();
      if (!recent.ok()) return rpc::ToGrpc(recent.status());
      news.revocations.insert(news.revocations.begin(), recent->begin(), recent->end());
    } else if (news.revocations.empty()) {
      continue;
    }
    if (!Tell(news.revocations, *out)) break;
  }
  return grpc::Status::OK;
}

}  // namespace cartwise::tenant
