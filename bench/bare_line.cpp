#include "bare_line.hpp"

#include <poll.h>

#include <array>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace cartwise::bench {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

std::array<char, 300> message;

tcp::endpoint Loopback(int port) {
  return {asio::ip::address_v4::loopback(), uint16_t(port)};
}

}  // namespace

BareLine::BareLine(asio::ssl::context::method method)
    : io_(std::make_unique<asio::io_context>()),
      tls_(std::make_unique<asio::ssl::context>(method)) {}

BareLine BareLine::Accept(int port, const std::string& certificate, const std::string& key) {
  BareLine line(asio::ssl::context::tls_server);
  line.tls_->use_certificate_chain_file(certificate);
  line.tls_->use_private_key_file(key, asio::ssl::context::pem);
  tcp::acceptor acceptor(*line.io_, Loopback(port));
  line.stream_ = std::make_unique<Stream>(acceptor.accept(), *line.tls_);
  line.stream_->next_layer().set_option(tcp::no_delay(true));
  line.stream_->handshake(asio::ssl::stream_base::server);
  return line;
}

BareLine BareLine::Connect(int port) {
  BareLine line(asio::ssl::context::tls_client);
  line.stream_ = std::make_unique<Stream>(*line.io_, *line.tls_);
  tcp::socket& socket = line.stream_->next_layer();
  boost::system::error_code refused;
  while (socket.connect(Loopback(port), refused), refused) {
    socket.close();
    poll(nullptr, 0, 10);
  }
  socket.set_option(tcp::no_delay(true));
  line.stream_->handshake(asio::ssl::stream_base::client);
  return line;
}

void BareLine::Send() {
  asio::write(*stream_, asio::buffer(message));
}

void BareLine::Receive() {
  asio::read(*stream_, asio::buffer(message));
}

}  // namespace cartwise::bench
