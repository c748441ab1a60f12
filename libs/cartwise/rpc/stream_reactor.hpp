#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/status.h>

#include "cartwise/http2/inbox.hpp"

namespace cartwise::rpc {

class StreamCall;

/// One streaming call as its service sees it, in the shape of gRPC's reactors, but for the types of
/// its messages. What is said (Read to Cancel) may be said from any thread, in order and without
/// waiting, and is nothing once the call is over. What is heard (On...) comes one at a time on the
/// server's thread and must not block. The server holds it until OnGone.
class StreamReactor {
 public:
  virtual ~StreamReactor() = default;

  /// Asks for the next message, which OnMessage or OnEnd answers. Nothing more is taken from the
  /// client than it asks for, but for one window of HTTP/2.
  void Read();
  /// The last word, after what was written.
  void Finish(const grpc::Status& status);
  /// Ends the call without a word, whatever waits to be sent.
  void Cancel();

 protected:
  /// The call has begun.
  virtual void OnBegin() = 0;
  /// The client says nothing more.
  virtual void OnEnd() = 0;
  /// All that was written is on its way, as far as the client's window lets it.
  virtual void OnWritten() {}
  /// The call is over, by whomever; nothing is heard after this.
  virtual void OnGone() = 0;

  /// Framed.
  void Send(std::string message);

 private:
  friend class StreamCall;

  /// False when these bytes are no such message.
  virtual bool OnBytes(std::string_view bytes) = 0;
  template <typename Work>
  void Post(Work work);

  std::weak_ptr<StreamCall> call_;
  std::shared_ptr<http2::Inbox> inbox_;
};

/// Framed for the wire.
std::string Framed(const google::protobuf::MessageLite& message);

/// A StreamReactor with its messages.
template <typename Request, typename Response>
class BidiReactor : public StreamReactor {
 public:
  void Write(const Response& message) { Send(Framed(message)); }

 protected:
  virtual void OnMessage(Request message) = 0;

 private:
  bool OnBytes(std::string_view bytes) final {
    Request message;
    if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
    OnMessage(std::move(message));
    return true;
  }
};

}  // namespace cartwise::rpc
