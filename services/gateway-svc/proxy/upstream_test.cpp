#include "proxy/upstream.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <vector>

#include <absl/strings/str_cat.h>
#include <grpcpp/generic/async_generic_service.h>
#include <catch2/catch.hpp>

#include "cartwise/base/errors.hpp"
#include "cartwise/rpc/status.hpp"

namespace cartwise::gateway {
namespace {

/// A service whose calls last until they are let go.
class SlowService final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    auto* const call = new Held;
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

  void AwaitHeld(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_.size() == count; });
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
    void OnDone() override { delete this; }
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Held*> held_;
  size_t heard_ = 0;
  size_t most_ = 0;
};

struct Call {
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer response;
  grpc::Status status;
  bool answered = false;
};

struct Fixture {
  Fixture() : calls_(8) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.RegisterCallbackGenericService(&service);
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    server = builder.BuildAndStart();
    upstream = std::make_unique<Upstream>(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()),
        UpstreamLimits{2, 3});
  }
  ~Fixture() { server->Shutdown(std::chrono::system_clock::now()); }

  Call& Make() {
    const grpc::Slice nothing;
    Call& call = calls_[made_++];
    call.request = grpc::ByteBuffer(&nothing, 1);
    upstream->UnaryCall(&call.context, "/slow.Service/Call", &call.request, &call.response,
                        [&](grpc::Status status) {
                          const std::lock_guard lock(mutex_);
                          call.status = std::move(status);
                          call.answered = true;
                          changed_.notify_all();
                        });
    return call;
  }

  const grpc::Status& Await(const Call& call) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return call.answered; });
    return call.status;
  }

  SlowService service;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<Upstream> upstream;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Call> calls_;
  size_t made_ = 0;
};

}  // namespace

TEST_CASE("a burst waits its turn, and what is too much is told so at once") {
  Fixture f;
  std::vector<const Call*> burst;
  for (int i = 0; i < 5; ++i) burst.push_back(&f.Make());
  f.service.AwaitHeld(2);

  const grpc::Status refused = f.Await(f.Make());
  CHECK(refused.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(errors::Reason(rpc::FromGrpc(refused)) == "OVERLOADED");

  for (int i = 0; i < 5; ++i) f.service.LetGoOfOne();
  for (const Call* call : burst) CHECK(f.Await(*call).error_message() == "");
  CHECK(f.service.most() == 2);

  Call& after = f.Make();
  f.service.LetGoOfOne();
  f.Await(after);
}

TEST_CASE("a call that is cancelled while it waits never starts") {
  Fixture f;
  Call& first = f.Make();
  Call& second = f.Make();
  f.service.AwaitHeld(2);
  Call& third = f.Make();

  third.context.TryCancel();
  f.service.LetGoOfOne();

  CHECK(f.Await(third).error_code() == grpc::StatusCode::CANCELLED);
  f.service.LetGoOfOne();
  f.Await(first);
  f.Await(second);
  CHECK(f.service.heard() == 2);
}

TEST_CASE("turns that nobody wants any more are given back one after the other") {
  constexpr int kMany = 200'000;
  Upstream upstream(nullptr, UpstreamLimits{1, kMany});
  std::shared_ptr<Turn> held;
  REQUIRE(upstream.TakeTurn([&](std::shared_ptr<Turn> turn) { held = std::move(turn); }));
  int given = 0, deepest = 0, deep = 0;
  for (int i = 0; i < kMany; ++i) {
    REQUIRE(upstream.TakeTurn([&](std::shared_ptr<Turn> turn) {
      ++given;
      deepest = std::max(deepest, ++deep);
      turn.reset();
      --deep;
    }));
  }
  CHECK_FALSE(upstream.TakeTurn([](const std::shared_ptr<Turn>&) {}));

  held.reset();

  CHECK(given == kMany);
  CHECK(deepest == 1);
  REQUIRE(upstream.TakeTurn([&](std::shared_ptr<Turn> turn) { held = std::move(turn); }));
  CHECK(held != nullptr);
}

}  // namespace cartwise::gateway
