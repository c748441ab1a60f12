#include "cartwise/http2/listen.hpp"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

namespace cartwise::http2 {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

absl::StatusOr<tcp::endpoint> ParseListen(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  uint32_t port = 0;
  error_code bad;
  std::string host = listen.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  const auto address = asio::ip::make_address(host, bad);
  if (colon == std::string::npos || bad || !absl::SimpleAtoi(listen.substr(colon + 1), &port) ||
      port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(listen, " is no address:port"));
  }
  return tcp::endpoint(address, static_cast<uint16_t>(port));
}

absl::StatusOr<int> Listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code fault;
  const auto failed = [&] {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", endpoint.address().to_string(),
                                               ":", endpoint.port(), ": ", fault.message()));
  };
  if (acceptor.open(endpoint.protocol(), fault)) return failed();
  if (acceptor.set_option(tcp::acceptor::reuse_address(true), fault)) return failed();
  if (acceptor.bind(endpoint, fault)) return failed();
  if (acceptor.listen(1024, fault)) return failed();
  return acceptor.local_endpoint().port();
}

}  // namespace cartwise::http2
