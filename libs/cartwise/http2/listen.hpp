#pragma once

#include <string>

#include <absl/status/statusor.h>
#include <boost/asio/ip/tcp.hpp>

namespace cartwise::http2 {

/// "127.0.0.1:8080", "localhost:0", "[::]:9090"; INVALID_ARGUMENT for what is none.
absl::StatusOr<boost::asio::ip::tcp::endpoint> ParseListen(const std::string& listen);

/// Opens `acceptor` there; answers the port. UNAVAILABLE when it is taken.
absl::StatusOr<int> Listen(boost::asio::ip::tcp::acceptor& acceptor,
                           const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace cartwise::http2
