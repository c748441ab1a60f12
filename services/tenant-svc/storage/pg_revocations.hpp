#pragma once

#include <optional>
#include <string>

#include "domain/revocation.hpp"

namespace cartwise::tenant {

/// What is notified of when a revocation commits, whichever replica made it.
inline constexpr char kRevocationsChannel[] = "cartwise_revocations";

/// The payload of such a notice; nullopt for what is none.
std::optional<Revocation> ReadRevocationNotice(const std::string& payload);

}  // namespace cartwise::tenant
