#include "cartwise/http2/acceptor.hpp"

#include <chrono>
#include <utility>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/http2/listen.hpp"

namespace cartwise::http2 {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Out of file descriptors: nothing helps but waiting for some to close.
constexpr std::chrono::milliseconds kPause{50};

}  // namespace

absl::StatusOr<int> Acceptor::Listen(const std::string& listen) {
  CW_ASSIGN_OR_RETURN(const Tcp::endpoint endpoint, ParseListen(listen));
  return http2::Listen(acceptor_, endpoint);
}

void Acceptor::Accept(Next next, OnSocket accepted) {
  next_ = std::move(next);
  accepted_ = std::move(accepted);
  AcceptOne();
}

void Acceptor::AcceptOne() {
  acceptor_.async_accept(next_(), [this](error_code fault, Tcp::socket socket) {
    if (fault == asio::error::operation_aborted || !acceptor_.is_open()) return;
    if (fault) {
      pause_.expires_after(kPause);
      pause_.async_wait([this](error_code stopped) {
        if (!stopped) AcceptOne();
      });
      return;
    }
    accepted_(std::move(socket));
    AcceptOne();
  });
}

void Acceptor::Close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

}  // namespace cartwise::http2
