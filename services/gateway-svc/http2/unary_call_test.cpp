#include "http2/unary_call.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <optional>
#include <vector>

#include <absl/strings/str_cat.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <nghttp2/nghttp2.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include "cartwise/base/errors.hpp"
#include "cartwise/rpc/status.hpp"
#include "http2/event_loop.hpp"
#include "http2/raw_service.hpp"

namespace cartwise::gateway {
namespace {

namespace asio = boost::asio;

constexpr absl::Duration kAmple = absl::Seconds(60);

/// A service whose calls last until they are let go or cancelled.
class SlowService final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    auto* const call = new Held(*this);
    const std::lock_guard lock(mutex_);
    held_.push_back(call);
    ++heard_;
    most_ = std::max(most_, held_.size());
    changed_.notify_all();
    return call;
  }

  void LetGoOfOne() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !held_.empty(); });
    Held* const call = held_.front();
    held_.pop_front();
    lock.unlock();
    call->Finish(grpc::Status::OK);
  }

  void LetGoOfRest() {
    while (held() > 0) LetGoOfOne();
  }

  void AwaitHeld(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_.size() == count; });
  }

  size_t held() {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }

  size_t heard() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

  size_t most() {
    const std::lock_guard lock(mutex_);
    return most_;
  }

 private:
  struct Held final : grpc::ServerGenericBidiReactor {
    explicit Held(SlowService& s) : service(s) {}
    void OnCancel() override {
      std::unique_lock lock(service.mutex_);
      const bool was_held = std::erase(service.held_, this) > 0;
      service.changed_.notify_all();
      lock.unlock();
      if (was_held) Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }
    SlowService& service;
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Held*> held_;
  size_t heard_ = 0;
  size_t most_ = 0;
};

/// Calls of one event loop to a service on this port.
class Caller {
 public:
  explicit Caller(int port)
      : targets_{{{"slow", absl::StrCat("127.0.0.1:", port)}}, {}, {}}, calls_(8), loop_(targets_) {
    metadata_.traceparent = NextTraceparent("");
    loop_.Run(std::chrono::seconds(1), [](http2::Session::Clock::time_point) {});
  }
  ~Caller() { loop_.Stop(); }

  struct Call {
    UnaryAnswer answer;
    asio::cancellation_signal cancel;
    bool answered = false;
  };

  Call& Make(absl::Duration timeout = kAmple, const std::string& message = "") {
    Call& call = calls_[made_++];
    asio::post(loop_.io, [this, &call, timeout, message] {
      asio::co_spawn(
          loop_.io,
          CallUnary(loop_.outbound, {upstream_, method_, metadata_, timeout, message}, nullptr),
          asio::bind_cancellation_slot(call.cancel.slot(),
                                       [this, &call](std::exception_ptr, UnaryAnswer answer) {
                                         const std::lock_guard lock(mutex_);
                                         call.answer = std::move(answer);
                                         call.answered = true;
                                         changed_.notify_all();
                                       }));
    });
    return call;
  }

  void Cancel(Call& call) {
    asio::post(loop_.io, [&call] { call.cancel.emit(asio::cancellation_type::terminal); });
  }

  const UnaryAnswer& Await(const Call& call) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return call.answered; });
    return call.answer;
  }

 private:
  const ServiceTargets targets_;
  Upstream upstream_{"slow", UpstreamLimits{2, 3}};
  const std::string method_ = "/slow.Service/Call";
  CallMetadata metadata_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Call> calls_;
  size_t made_ = 0;
  EventLoop loop_;  // goes first: calls under way refer to the rest
};

struct Slow {
  SlowService service;
  int port = 0;
  std::unique_ptr<grpc::Server> server = [this] {
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(&service);
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    return builder.BuildAndStart();
  }();
  Caller caller{port};

  ~Slow() { server->Shutdown(std::chrono::system_clock::now()); }
};

struct Raw {
  RawService service;
  Caller caller{service.port()};
};

std::string ReasonOf(const UnaryAnswer& answer) {
  return errors::Reason(rpc::FromGrpc(answer.status));
}

}  // namespace

TEST_CASE_METHOD(Slow, "a burst waits its turn, and what is too much is told so at once") {
  std::vector<const Caller::Call*> burst;
  for (int i = 0; i < 5; ++i) burst.push_back(&caller.Make());
  service.AwaitHeld(2);

  const grpc::Status refused = caller.Await(caller.Make()).status;
  CHECK(refused.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(errors::Reason(rpc::FromGrpc(refused)) == "OVERLOADED");

  for (int i = 0; i < 5; ++i) service.LetGoOfOne();
  for (const Caller::Call* call : burst) {
    CHECK(caller.Await(*call).status.error_message() == "the answer is not one message");
  }
  CHECK(service.most() == 2);

  const Caller::Call& after = caller.Make();
  service.LetGoOfOne();
  caller.Await(after);
}

TEST_CASE_METHOD(Slow, "a call that is cancelled while it waits never starts") {
  const Caller::Call& first = caller.Make();
  const Caller::Call& second = caller.Make();
  service.AwaitHeld(2);
  Caller::Call& third = caller.Make();

  caller.Cancel(third);
  CHECK(caller.Await(third).status.error_code() == grpc::StatusCode::CANCELLED);
  service.LetGoOfOne();
  service.LetGoOfOne();
  caller.Await(first);
  caller.Await(second);
  // Would go after the cancelled one, on the same connection.
  const Caller::Call& next = caller.Make();
  service.LetGoOfOne();
  service.LetGoOfRest();
  caller.Await(next);
  CHECK(service.heard() == 3);
}

TEST_CASE_METHOD(Slow, "a call ends at its deadline, also when it waits, and gives its turn back") {
  const Caller::Call& first = caller.Make(absl::Milliseconds(1));
  CHECK(caller.Await(first).status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
  caller.Make();
  caller.Make();
  service.AwaitHeld(2);
  const Caller::Call& waits = caller.Make(absl::Milliseconds(1));
  CHECK(caller.Await(waits).status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_CASE_METHOD(Raw, "a call that ends before its answer is over at the service too") {
  const bool late = GENERATE(true, false);
  std::optional<RawService::Peer> peer;
  // More calls than turns: each gives its own back.
  for (int i = 0; i < 3; ++i) {
    Caller::Call& call = caller.Make(late ? absl::Milliseconds(100) : kAmple);
    if (i == 0) peer.emplace(service.Accept());
    const uint32_t stream = peer->AwaitCall();
    REQUIRE(stream != 0);

    if (!late) caller.Cancel(call);

    const auto reset = peer->Await(http2::RawClient::kRstStream);
    REQUIRE(reset);
    CHECK(reset->stream == stream);
    CHECK(http2::NumberIn(reset->payload) == NGHTTP2_CANCEL);
    CHECK(caller.Await(call).status.error_code() ==
          (late ? grpc::StatusCode::DEADLINE_EXCEEDED : grpc::StatusCode::CANCELLED));
  }
}

TEST_CASE_METHOD(Raw, "an answer is one message and a status") {
  const Caller::Call& call = caller.Make();
  auto peer = service.Accept();
  const uint32_t stream = peer.AwaitCall();
  const auto head = [&] {
    peer.Head(stream, {{":status", "200"}, {"content-type", "application/grpc"}});
  };
  const auto data = [&](const std::string& bytes) {
    peer.Send(http2::RawClient::kData, 0, stream, bytes);
  };
  const std::string message("\0\0\0\0\x02hi", 7), compressed("\1\0\0\0\x02hi", 7);
  std::string text;
  auto code = grpc::StatusCode::INTERNAL;

  SECTION("in pieces") {
    head();
    data(message.substr(0, 3));
    data(message.substr(3));
    code = grpc::StatusCode::OK;
    text = "hi";
  }
  SECTION("no message") {
    head();
  }
  SECTION("half a message") {
    head();
    data(message.substr(0, 6));
  }
  SECTION("two") {
    head();
    data(message);
    data(message);
  }
  SECTION("compressed, which nobody asked for") {
    head();
    data(compressed);
  }
  SECTION("without a head") {
    peer.Head(stream, {{":status", "503"}}, true);
    code = grpc::StatusCode::UNAVAILABLE;
  }
  peer.Head(stream, {{"grpc-status", "0"}}, true);

  CHECK(caller.Await(call).status.error_code() == code);
  CHECK(caller.Await(call).message == text);
}

TEST_CASE_METHOD(Raw, "a call that a leaving service did not take goes to the next one") {
  const Caller::Call& first = caller.Make();
  auto leaving = service.Accept();
  const uint32_t taken = leaving.AwaitCall();
  leaving.Answer(taken);
  REQUIRE(caller.Await(first).status.ok());
  const Caller::Call& call = caller.Make();
  REQUIRE(leaving.AwaitCall() > taken);

  leaving.Send(http2::RawClient::kGoaway, 0, 0,
               http2::Number(taken) + http2::Number(NGHTTP2_NO_ERROR));

  auto other = service.Accept();
  other.Answer(other.AwaitCall());
  CHECK(caller.Await(call).status.ok());
}

TEST_CASE_METHOD(Raw, "a call that is refused again and again is UNAVAILABLE") {
  const Caller::Call& call = caller.Make();
  auto peer = service.Accept();
  for (int i = 0; i < 2; ++i) {
    const uint32_t stream = peer.AwaitCall();
    peer.Send(http2::RawClient::kRstStream, 0, stream, http2::Number(NGHTTP2_REFUSED_STREAM));
  }
  CHECK(caller.Await(call).status.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(ReasonOf(caller.Await(call)).empty());
}

TEST_CASE_METHOD(Raw, "what a lost service may have done is told from what it cannot have done") {
  const bool whole = GENERATE(true, false);
  // More than the window that a service gives a stream at first.
  const Caller::Call& call = caller.Make(kAmple, std::string(whole ? 10 : 100'000, 'x'));
  auto peer = service.Accept();
  REQUIRE(peer.AwaitCall() != 0);

  peer.Close();

  CHECK(caller.Await(call).status.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(ReasonOf(caller.Await(call)) == (whole ? "OUTCOME_UNKNOWN" : ""));
}

TEST_CASE_METHOD(Raw, "a call whose service is lost is UNAVAILABLE, the next reaches it anew") {
  const Caller::Call& lost = caller.Make();
  auto peer = service.Accept();
  peer.Answer(peer.AwaitCall());
  REQUIRE(caller.Await(lost).status.ok());
  const Caller::Call& second = caller.Make();
  REQUIRE(peer.AwaitCall() != 0);

  peer.Close();

  CHECK(caller.Await(second).status.error_code() == grpc::StatusCode::UNAVAILABLE);
  const Caller::Call& next = caller.Make();
  auto anew = service.Accept();
  anew.Answer(anew.AwaitCall());
  CHECK(caller.Await(next).status.ok());
}

}  // namespace cartwise::gateway
