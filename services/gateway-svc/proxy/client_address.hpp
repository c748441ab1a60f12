#pragma once

#include <string>
#include <string_view>

namespace cartwise::gateway {

/// The address a request comes from. X-Forwarded-For is written by anybody, so
/// only the entries of our own proxies count: with `trusted_proxies` of them in
/// front, the client is the entry that the outermost of them added, counted
/// from the right. With none, or when there are too few entries or it is no
/// address, it is the peer of the socket.
std::string ClientAddress(const std::string& peer, std::string_view forwarded_for,
                          int trusted_proxies);

}  // namespace cartwise::gateway
