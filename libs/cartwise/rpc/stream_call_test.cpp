#include "cartwise/rpc/stream_call.hpp"

#include <grpcpp/generic/generic_stub.h>
#include <catch2/catch.hpp>

#include "cartwise/rpc/stream_fixture_test.hpp"

namespace cartwise::rpc {
namespace {

using http2::RawClient;

TEST_CASE_METHOD(StreamFixture, "messages pass both ways, and a status with its details",
                 "[streams]") {
  Start();
  StreamClient client(*this);

  for (const int64_t clock : {1, 2, 3}) {
    REQUIRE(client.Say(clock));
    CHECK(client.Hear() == clock);
  }
  client.stream->WritesDone();

  const grpc::Status status = client.End();
  CHECK(status.error_code() == grpc::StatusCode::ABORTED);
  CHECK(status.error_message() == "100 % neu: größer");
  CHECK(errors::Reason(FromGrpc(status)) == "REPLACED");
  CHECK(authorization == "Bearer token");
  CHECK(peer == "gateway-svc");
  First().gone.WaitForNotification();
}

TEST_CASE_METHOD(StreamFixture, "a stream that is not admitted hears why", "[streams]") {
  admission = errors::Refuse(absl::StatusCode::kUnauthenticated, "BAD_TOKEN", "no");
  Start();

  CHECK_REFUSED(FromGrpc(StreamClient(*this).End()), "BAD_TOKEN");
}

TEST_CASE_METHOD(StreamFixture, "a method that is not served is UNIMPLEMENTED", "[streams]") {
  Start();
  grpc::ClientContext context;

  CHECK(stub->Upload(&context)->Finish().error_code() == grpc::StatusCode::UNIMPLEMENTED);
}

TEST_CASE_METHOD(StreamFixture, "a client that cancels is heard, and nothing reaches it afterwards",
                 "[streams]") {
  Start();
  StreamClient client(*this);
  REQUIRE(client.Say(1));
  REQUIRE(client.Hear() == 1);

  client.context.TryCancel();
  First().gone.WaitForNotification();

  First().Read();
  First().Write({});
  First().Finish(grpc::Status::OK);
  First().Cancel();
  CHECK(client.End().error_code() == grpc::StatusCode::CANCELLED);
  StreamClient next(*this);
  REQUIRE(next.Say(2));
  CHECK(next.Hear() == 2);
}

TEST_CASE_METHOD(StreamFixture, "the service cancels a stream without a word", "[streams]") {
  Start();
  StreamClient client(*this);
  REQUIRE(client.Say(1));
  REQUIRE(client.Hear() == 1);

  First().Cancel();

  CHECK(client.End().error_code() == grpc::StatusCode::CANCELLED);
  First().gone.WaitForNotification();
}

TEST_CASE_METHOD(StreamFixture, "a stream ends with its deadline", "[streams]") {
  Start();
  RawClient client = Raw();
  REQUIRE(client.Greet());

  REQUIRE(client.Call(1, kControl, {{"grpc-timeout", "20m"}}));

  const auto answer = client.Await(RawClient::kHeaders, 1);
  REQUIRE(answer);
  CHECK((answer->flags & RawClient::kEndStream) != 0);
  First().gone.WaitForNotification();
}

TEST_CASE_METHOD(StreamFixture, "a message that is too large ends the stream", "[streams]") {
  Start();
  StreamClient client(*this);
  v1::ControlRequest message;
  message.mutable_hello()->set_agent_epoch(std::string(1024 * 1024, 'a'));

  client.stream->Write(message);

  CHECK(client.End().error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  First().gone.WaitForNotification();
}

TEST_CASE_METHOD(StreamFixture, "a message as large as may be passes", "[streams]") {
  Start();
  StreamClient client(*this);
  v1::ControlRequest message;
  message.mutable_hello()->set_agent_epoch(std::string(1024 * 1024 - 100, 'a'));

  REQUIRE(client.stream->Write(message));

  CHECK(client.Hear() == 0);
}

TEST_CASE_METHOD(StreamFixture, "what is no message ends the stream", "[streams]") {
  Start();
  grpc::GenericStub raw(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto done = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
  };
  const auto stream = raw.PrepareCall(&context, kControl, &queue);
  stream->StartCall(nullptr);
  done();
  const grpc::Slice garbage("\xff\xff\xff");
  stream->Write(grpc::ByteBuffer(&garbage, 1), nullptr);
  done();
  grpc::Status status;
  stream->Finish(&status, nullptr);
  done();

  CHECK(status.error_code() == grpc::StatusCode::INTERNAL);
}

TEST_CASE_METHOD(StreamFixture, "a compressed message is UNIMPLEMENTED", "[streams]") {
  Start();
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  const auto stream = stub->Control(&context);
  v1::ControlRequest message;
  message.mutable_hello()->set_agent_epoch(std::string(10'000, 'a'));

  stream->Write(message);

  v1::ControlResponse answer;
  CHECK_FALSE(stream->Read(&answer));
  CHECK(stream->Finish().error_code() == grpc::StatusCode::UNIMPLEMENTED);
}

TEST_CASE_METHOD(StreamFixture, "metadata that are too large end the stream", "[streams]") {
  Start();
  grpc::ClientContext context;
  context.AddMetadata("large", std::string(20'000, 'a'));

  CHECK(stub->Control(&context)->Finish().error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_CASE_METHOD(StreamFixture, "what is written waits until the client takes it", "[streams]") {
  constexpr uint16_t kInitialWindow = 4;
  Start();
  RawClient client = Raw();
  REQUIRE(client.Greet({{kInitialWindow, 0}}));
  REQUIRE(client.Call(1, kControl));
  client.Send(RawClient::kData, 0, 1, Heartbeat(7));
  REQUIRE(client.Await(RawClient::kHeaders, 1));
  client.Send(RawClient::kPing, 0, 0, "12345678");
  REQUIRE(client.Await(RawClient::kPing, 0));
  CHECK(First().written == 0);

  client.Send(RawClient::kWindowUpdate, 0, 1, http2::Number(1));
  REQUIRE(client.Await(RawClient::kData, 1));
  CHECK(First().written == 0);
  client.Send(RawClient::kWindowUpdate, 0, 1, http2::Number(1000));
  REQUIRE(client.Await(RawClient::kData, 1));
  client.Send(RawClient::kPing, 0, 0, "12345678");
  REQUIRE(client.Await(RawClient::kPing, 0));

  CHECK(First().written == 1);
}

TEST_CASE_METHOD(StreamFixture, "no more than a window comes before the service reads",
                 "[streams]") {
  constexpr size_t kWindow = 65'535;
  reads = false;
  Start();
  RawClient client = Raw();
  REQUIRE(client.Greet());
  REQUIRE(client.Call(1, kControl));
  v1::ControlRequest large;
  large.mutable_hello()->set_agent_epoch(std::string(100'000, 'a'));
  const std::string bytes = Framed(large);
  for (size_t sent = 0; sent < kWindow; sent += 13'107) {
    client.Send(RawClient::kData, 0, 1, bytes.substr(sent, 13'107));
  }
  client.Send(RawClient::kPing, 0, 0, "12345678");
  auto frame = client.Read();
  while (frame && frame->type != RawClient::kPing) {
    CHECK_FALSE((frame->type == RawClient::kWindowUpdate && frame->stream == 1));
    frame = client.Read();
  }
  REQUIRE(frame);

  First().Read();

  REQUIRE(client.Await(RawClient::kWindowUpdate, 1));
  for (size_t sent = kWindow; sent < bytes.size(); sent += 13'107) {
    client.Send(RawClient::kData, 0, 1, bytes.substr(sent, 13'107));
  }
  CHECK(client.Await(RawClient::kData, 1));
}

}  // namespace
}  // namespace cartwise::rpc
