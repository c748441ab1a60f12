#include <absl/time/clock.h>

#include "cartwise/auth/key_folder.hpp"
#include "cartwise/base/clock.hpp"
#include "load.hpp"
#include "sections.hpp"

namespace cartwise::bench {
namespace {

constexpr int kTokens = 1000;

double MicrosPerCheck(const auth::TokenVerifier& verifier, const std::vector<std::string>& tokens) {
  const int64_t begin = MonotonicMicros();
  for (const std::string& token : tokens) {
    if (!verifier.Verify(token).ok()) std::exit(1);
  }
  return double(MonotonicMicros() - begin) / double(tokens.size());
}

}  // namespace

// What proving a caller costs a service: a token seen for the first time, and
// one that was proven before.
std::vector<Figure> TokenCheck(fleet::Fleet& fleet, const Effort&) {
  const auto key = auth::SigningKey::Load(fleet.folder() + "/keys/tenant/tenant-2026a.pem");
  const SystemClock clock;
  const auto keys = auth::TrustedKeys::Open(fleet.folder() + "/keys/public", clock);
  if (!key.ok() || !keys.ok()) std::exit(1);
  const auth::TokenVerifier verifier([&] { return (*keys)->Current(); }, clock);
  std::vector<std::string> tokens;
  for (int i = 0; i < kTokens; ++i) {
    Caller caller;
    caller.principal = Principal::kStaff;
    caller.subject = UserId::New().value();
    caller.chain = ChainId::New();
    caller.grants = {{Role::kOperator, {BranchId::New()}}};
    tokens.push_back(auth::IssueToken(*key, caller, absl::Now(), absl::Minutes(5)));
  }
  const double fresh = MicrosPerCheck(verifier, tokens);
  const double known = MicrosPerCheck(verifier, tokens);
  return {{.name = "token_check_us",
           .unit = "us",
           .ours = known,
           .goal = 10,
           .remark = "a token proven before; the first time " + std::to_string(fresh)}};
}

}  // namespace cartwise::bench
