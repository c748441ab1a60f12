#include "adapters/signed_tokens.hpp"

#include "cartwise/auth/secrets.hpp"

namespace cartwise::device {

IssuedToken SignedTokens::Issue(const DeviceKey& device) {
  Caller caller;
  caller.principal = Principal::kDevice;
  caller.subject = device.device.value();
  caller.chain = device.chain;
  IssuedToken issued;
  issued.token = auth::IssueToken(keys_().Newest(), caller, clock_.Now(), kTokenLife);
  issued.hash = auth::Sha256Hex(issued.token);
  return issued;
}

}  // namespace cartwise::device
