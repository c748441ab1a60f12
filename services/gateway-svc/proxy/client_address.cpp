#include "proxy/client_address.hpp"

#include <vector>

#include <absl/strings/ascii.h>
#include <absl/strings/str_split.h>
#include <boost/asio/ip/address.hpp>

namespace cartwise::gateway {

std::string ClientAddress(const std::string& peer, std::string_view forwarded_for,
                          int trusted_proxies) {
  if (trusted_proxies == 0) return peer;
  const std::vector<std::string> entries = absl::StrSplit(std::string(forwarded_for), ',');
  if (entries.size() < static_cast<size_t>(trusted_proxies)) return peer;
  const std::string entry(
      absl::StripAsciiWhitespace(entries[entries.size() - static_cast<size_t>(trusted_proxies)]));
  boost::system::error_code bad;
  boost::asio::ip::make_address(entry, bad);
  return bad ? peer : entry;
}

}  // namespace cartwise::gateway
