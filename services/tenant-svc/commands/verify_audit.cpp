#include "commands/verify_audit.hpp"

#include <cstdio>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::tenant {
namespace {

constexpr char kUsage[] = "usage: tenant-svc verify-audit [--chain ID]";

absl::StatusOr<std::vector<ChainId>> ChainsToVerify(const std::vector<std::string>& arguments,
                                                    AuditDatabase& audit) {
  std::vector<ChainId> chains;
  if (!arguments.empty()) {
    if (arguments.size() != 2 || arguments[0] != "--chain") {
      return absl::InvalidArgumentError(kUsage);
    }
    CW_ASSIGN_OR_RETURN(chains.emplace_back(), ParseId<ChainId>("--chain", arguments[1]));
    return chains;
  }
  CW_RETURN_IF_ERROR(
      audit.Read(Caller::Service("tenant-svc"), [&](AuditStore& store) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto heads, store.Heads());
        for (const AuditHead& head : heads) chains.push_back(head.chain);
        return absl::OkStatus();
      }));
  return chains;
}

// A deleted chain and the platform have no slug any more: their id.
absl::StatusOr<std::string> NameOf(const ChainId& id, TenantDatabase& tenants) {
  std::string name = id.value();
  CW_RETURN_IF_ERROR(tenants.Read(Caller::Service("tenant-svc"), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto chain, store.FindChain(id, For::kReading));
    if (chain) name = chain->slug;
    return absl::OkStatus();
  }));
  return name;
}

}  // namespace

absl::Status VerifyAudit(const std::vector<std::string>& arguments, AuditDatabase& audit,
                         TenantDatabase& tenants, Digest digest) {
  CW_ASSIGN_OR_RETURN(const auto chains, ChainsToVerify(arguments, audit));
  bool broken = false;
  for (const ChainId& chain : chains) {
    CW_ASSIGN_OR_RETURN(const std::string name, NameOf(chain, tenants));
    AuditFinding found;
    CW_RETURN_IF_ERROR(
        audit.Read(Caller::Service("tenant-svc"), [&](AuditStore& store) -> absl::Status {
          CW_ASSIGN_OR_RETURN(found, VerifyChain(store, chain, digest));
          return absl::OkStatus();
        }));
    if (found.fault.empty()) {
      std::printf("chain %s: %lld entries, intact, head %s\n", name.c_str(),
                  static_cast<long long>(found.entries), HexEncode(found.hash).c_str());
    } else {
      std::printf("chain %s: BROKEN, %s\n", name.c_str(), found.fault.c_str());
      broken = true;
    }
  }
  return broken ? absl::DataLossError("the audit log is broken") : absl::OkStatus();
}

}  // namespace cartwise::tenant
