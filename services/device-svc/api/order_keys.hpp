#pragma once

#include <map>
#include <string>

#include "cartwise/auth/tokens.hpp"
#include "cartwise/device/v1/agent.pb.h"

namespace cartwise::device {

/// The keys of orders as they are at this moment. Thread-safe.
class OrderKeys {
 public:
  /// `own` signs; `trusted` holds the public halves, also of keys that will sign later.
  OrderKeys(auth::SigningKeySource own, auth::KeySource trusted)
      : own_(std::move(own)), trusted_(std::move(trusted)) {}

  /// What signs now.
  auth::SigningKey Newest() const { return own_().Newest(); }
  /// What an agent may believe: the public keys of this service, PEM by id.
  std::map<std::string, std::string> Pems() const;
  /// The same as news for an agent that believes only some of them.
  v1::ControlResponse Vouched() const;

 private:
  const auth::SigningKeySource own_;
  const auth::KeySource trusted_;
};

}  // namespace cartwise::device
