#include "cartwise/base/audit.hpp"

#include <algorithm>

namespace cartwise {
namespace {

std::string RoleOf(const Caller& caller) {
  switch (caller.principal) {
    case Principal::kShopper:
      return "SHOPPER";
    case Principal::kStaff:
    case Principal::kApiKey:
      return std::string(RoleName(caller.StrongestRole()));
    case Principal::kDevice:
      return "DEVICE";
    case Principal::kService:
      return "SERVICE";
    case Principal::kAnonymous:
      return "";
  }
  return "";
}

}  // namespace

Audit AuditOf(const Caller& caller, std::string reason) {
  const bool service = caller.principal == Principal::kService;
  return Audit{ActorOf(caller), RoleOf(caller), std::move(reason),
               service ? std::string() : ClientAddress(caller.peer)};
}

std::string ActorOf(const Caller& caller) {
  if (caller.principal != Principal::kShopper) return caller.Label();
  return "shopper:" + caller.subject;
}

std::string ClientAddress(const std::string& peer) {
  std::string address = peer;
  for (const std::string scheme : {"ipv4:", "ipv6:"}) {
    if (!address.starts_with(scheme)) continue;
    address = address.substr(scheme.size());
    address = address.substr(0, address.rfind(':'));
  }
  for (const auto& [open, close] : {std::pair("%5B", "%5D"), std::pair("[", "]")}) {
    const size_t from = address.find(open), to = address.find(close);
    if (from != 0 || to == std::string::npos) continue;
    const size_t start = std::string(open).size();
    address = address.substr(start, to - start);
  }
  const bool clean =
      std::all_of(address.begin(), address.end(), [](char c) { return c > ' ' && c < 0x7F; });
  return clean && address.size() <= 100 ? address : "";
}

}  // namespace cartwise
