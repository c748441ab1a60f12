#pragma once

#include <string>

namespace cartwise::auth {

/// What is signed when order keys are vouched for: a serialized
/// cartwise.device.v1.OrderKeys behind a first line that no Order can begin with.
inline std::string OrderKeysToSign(const std::string& order_keys) {
  return "cartwise order keys\n" + order_keys;
}

}  // namespace cartwise::auth
