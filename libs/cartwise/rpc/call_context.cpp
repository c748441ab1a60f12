#include "cartwise/rpc/call_context.hpp"

#include <algorithm>

#include <absl/strings/match.h>
#include <absl/strings/str_replace.h>

#include "cartwise/base/ids.hpp"

namespace cartwise::rpc {
namespace {

using options::v1::Policy;

constexpr std::string_view kGateway = "gateway-svc";
constexpr size_t kMaxKeyChars = 255;
constexpr absl::Duration kDefaultTimeout = absl::Seconds(10);

bool Admits(const Policy& policy, Policy::Principal principal) {
  const auto& all = policy.principals();
  return std::find(all.begin(), all.end(), principal) != all.end();
}

// The gateway calls for others, so it is nobody itself but where a method is made for it.
bool NamesGateway(const Policy& policy) {
  const auto& named = policy.services();
  return policy.internal() && std::find(named.begin(), named.end(), kGateway) != named.end();
}

// The address of the client: the gateway tells of the one it serves.
std::string AddressOf(const CallContext& call, const std::string& peer) {
  if (peer == kGateway) {
    if (const auto told = ValueIn(call.metadata(), "x-forwarded-for")) return std::string(*told);
  }
  return call.PeerAddress();
}

}  // namespace

std::string GrpcCallContext::PeerName() const {
  const auto peer = ctx_.auth_context();
  if (!peer || !peer->IsPeerAuthenticated()) return "";
  const auto names = peer->FindPropertyValues("x509_common_name");
  return names.size() == 1 ? std::string(names[0].data(), names[0].size()) : "";
}

std::optional<std::string_view> ValueIn(const CallContext::Metadata& metadata, const char* key) {
  const auto [begin, end] = metadata.equal_range(key);
  if (begin == end || std::next(begin) != end) return std::nullopt;
  return std::string_view(begin->second.data(), begin->second.size());
}

bool IsIdempotencyKey(std::string_view key) {
  return !key.empty() && key.size() <= kMaxKeyChars &&
         std::all_of(key.begin(), key.end(), [](char c) { return c >= ' ' && c < 0x7F; });
}

std::string TraceIdOf(const CallContext& call) {
  const auto parent = ValueIn(call.metadata(), "traceparent");
  if (parent && parent->size() >= 55 && (*parent)[2] == '-' && (*parent)[35] == '-') {
    const std::string_view id = parent->substr(3, 32);
    const bool hex = id.find_first_not_of("0123456789abcdef") == id.npos;
    if (hex && id.find_first_not_of('0') != id.npos) return std::string(id);
  }
  return absl::StrReplaceAll(NewUuid(), {{"-", ""}});
}

absl::Time DeadlineOf(const grpc::ServerContextBase& ctx, const Policy& policy, absl::Time now) {
  const absl::Duration most =
      policy.timeout_ms() > 0 ? absl::Milliseconds(policy.timeout_ms()) : kDefaultTimeout;
  // The C core counts "no deadline" as the far end of its clock.
  return std::min(now + most, absl::FromChrono(ctx.deadline()));
}

absl::StatusOr<Caller> Identify(const CallContext& call, const auth::TokenVerifier& tokens,
                                const Policy& policy) {
  const std::string peer = call.PeerName();
  absl::StatusOr<Caller> caller = Caller{};
  if (call.metadata().count("authorization") > 0) {
    const std::string_view value = ValueIn(call.metadata(), "authorization").value_or("");
    constexpr std::string_view kScheme = "Bearer ";
    const bool bearer =
        value.size() > kScheme.size() &&
        absl::EqualsIgnoreCase(std::string(value.substr(0, kScheme.size())), std::string(kScheme));
    caller = tokens.Verify(bearer ? value.substr(kScheme.size()) : "");
    if (!caller.ok() && Admits(policy, Policy::ANONYMOUS)) caller = Caller{};
  } else if (!peer.empty() && (peer != kGateway || NamesGateway(policy))) {
    caller = Caller::Service(peer);
  }
  if (caller.ok()) caller->peer = AddressOf(call, peer);
  return caller;
}

}  // namespace cartwise::rpc
