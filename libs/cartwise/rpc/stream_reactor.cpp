#include "cartwise/rpc/stream_reactor.hpp"

#include <utility>

#include "cartwise/rpc/stream_call.hpp"
#include "cartwise/rpc/wire.hpp"

namespace cartwise::rpc {

template <typename Work>
void StreamReactor::Post(Work work) {
  inbox_->Post([call = call_, work = std::move(work)]() mutable {
    if (const auto self = call.lock()) work(*self);
  });
}

void StreamReactor::Read() {
  Post([](StreamCall& call) { call.Read(); });
}

void StreamReactor::Send(std::string message) {
  Post([message = std::move(message)](StreamCall& call) { call.Send(message); });
}

void StreamReactor::Finish(const grpc::Status& status) {
  Post([status](StreamCall& call) { call.End(status); });
}

void StreamReactor::Cancel() {
  Post([](StreamCall& call) { call.Cancel(); });
}

std::string Framed(const google::protobuf::MessageLite& message) {
  std::string framed = MessagePrefix(message.ByteSizeLong());
  message.AppendToString(&framed);
  return framed;
}

}  // namespace cartwise::rpc
