#pragma once

#include <string>

#include "cartwise/base/caller.hpp"

namespace cartwise {

/// Who did what an event tells of, and why; mirrors cartwise.events.v1.Audit.
/// The event itself says what was done to which object, when, and under which
/// trace. Never holds a phone number or a secret.
struct Audit {
  std::string actor;    ///< "user:<id>", "shopper:<id>", "device:<id>", "nobody", ...
  std::string role;     ///< "ADMIN", "SHOPPER", "DEVICE", "SERVICE"; empty when unknown
  std::string reason;   ///< as the actor gave it; empty when none was asked for
  std::string address;  ///< of the client; empty for services
};

/// The actor of what nobody asked for: a lock that was forced.
inline constexpr char kNobody[] = "nobody";

/// What `caller` does, for this reason.
Audit AuditOf(const Caller& caller, std::string reason = "");

/// Who acts: Caller::Label(), with shoppers told apart.
std::string ActorOf(const Caller& caller);

/// The address in what a transport calls a peer: "ipv4:10.0.0.1:5000" is
/// "10.0.0.1". Empty for what is no printable address of at most 100 characters.
std::string ClientAddress(const std::string& peer);

}  // namespace cartwise
