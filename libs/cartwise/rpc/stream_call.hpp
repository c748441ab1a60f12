#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "cartwise/http2/call_stream.hpp"
#include "cartwise/http2/inbox.hpp"
#include "cartwise/http2/limits.hpp"
#include "cartwise/rpc/call_context.hpp"
#include "cartwise/rpc/stream_reactor.hpp"

namespace cartwise::rpc {

/// Admits a call: its reactor, or why not.
using BeginStream =
    std::function<absl::StatusOr<std::shared_ptr<StreamReactor>>(const CallContext& call)>;
/// By path: "/cartwise.device.v1.AgentService/Control".
using StreamMethods = std::map<std::string, BeginStream>;

/// Who is at the other end of a connection.
struct StreamPeer {
  std::string name, address;
};

/// What the calls of one StreamServer share. Of its event loop.
struct StreamHost {
  boost::asio::io_context& io;
  std::shared_ptr<http2::Inbox> inbox;
  const http2::Limits& limits;
  const StreamMethods& methods;
};

/// gRPC's protocol between one stream of HTTP/2 and a StreamReactor. Lives on the server's event
/// loop until the stream is over.
class StreamCall final : public http2::CallStream, public std::enable_shared_from_this<StreamCall> {
 public:
  StreamCall(StreamHost& host, const StreamPeer& peer);
  ~StreamCall() override;

  void OnHeader(std::string_view name, std::string_view value) override;
  void OnHeaders(bool last) override;
  void OnData(std::string_view bytes) override;
  void OnEnd() override;
  void OnClose(uint32_t error) override;
  void OnTaken(size_t bytes) override;

  // What the reactor says.
  void Read();
  void Send(const std::string& message);
  void End(const grpc::Status& status);

 private:
  struct Head;

  void Begin(const Head& head);
  void StartClock(std::string_view timeout);
  /// Answers the reactor's Read if that can be done.
  void Deliver();
  void Hand(size_t message_bytes);

  StreamHost& host_;
  std::unique_ptr<Head> head_;  ///< until it is complete
  std::shared_ptr<StreamReactor> reactor_;
  std::unique_ptr<boost::asio::steady_timer> clock_;
  std::string received_;    ///< and not handed over
  size_t given_back_ = 0;   ///< of `received_`, to the client's window
  bool encoded_ = false;    ///< the client may compress its messages
  bool wanted_ = false;     ///< the next message
  bool complete_ = false;   ///< the client says nothing more
  bool answering_ = false;  ///< the client has the answer's head
  bool ended_ = false;      ///< the last word was said
};

}  // namespace cartwise::rpc
