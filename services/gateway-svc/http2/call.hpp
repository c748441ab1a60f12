#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "cartwise/http2/call_stream.hpp"
#include "cartwise/http2/limits.hpp"
#include "http2/head.hpp"
#include "http2/health.hpp"
#include "http2/unary_call.hpp"
#include "proxy/grpc_gate.hpp"

namespace cartwise::gateway {

/// What calls of one event loop share.
struct CallHost : Outbound {
  GrpcGate& gate;
  const http2::Limits& limits;
  bool draining = false;
};

/// One gRPC call on its way through: a stream of the client and one of the
/// service. Messages pass as bytes, never decoded. Of a stream, one side's bytes
/// are given back to their sender once the other side has taken them, so a slow
/// reader slows its writer, and at most one window waits per direction. A unary
/// call waits for the whole request and for its turn before it is passed on, and
/// its answer is taken as it comes, so that a slow client holds no turn.
///
/// Lives on one event loop, as long as one of its streams; decisions, turns and
/// revocations come through the loop's inbox.
class Call final : public std::enable_shared_from_this<Call> {
 public:
  /// The client's end of a new call.
  static std::shared_ptr<http2::CallStream> Begin(CallHost& host, std::string peer);
  Call(CallHost& host, std::string peer);
  ~Call();

 private:
  struct ClientEnd final : http2::CallStream {
    explicit ClientEnd(Call& c) : call(c) {}
    void OnHeader(std::string_view name, std::string_view value) override;
    void OnHeaders(bool last) override;
    void OnData(std::string_view bytes) override { call.OnRequestData(bytes); }
    void OnEnd() override { call.OnRequestEnd(); }
    void OnClose(uint32_t error) override { call.OnClientGone(error); }
    void OnTaken(size_t bytes) override;
    std::optional<TimePoint> OwesSince() const override;
    bool busy() const override { return call.admitted_; }
    void OnDrain() override { call.OnDrain(); }
    Call& call;
  };
  struct ServiceEnd final : http2::CallStream {
    explicit ServiceEnd(Call& c) : call(c) {}
    void OnHeader(std::string_view name, std::string_view value) override;
    void OnHeaders(bool last) override { call.OnAnswerHeaders(last); }
    void OnData(std::string_view bytes) override { call.OnAnswerData(bytes); }
    void OnEnd() override { call.OnAnswerEnd(); }
    void OnClose(uint32_t error) override { call.OnServiceGone(error); }
    void OnTaken(size_t bytes) override;
    Call& call;
  };

  void OnRequestHead();
  void OnRequestData(std::string_view bytes);
  void OnRequestEnd();
  void OnClientGone(uint32_t error);
  void OnDrain();
  void OnAnswerHeaders(bool last);
  void OnAnswerData(std::string_view bytes);
  void OnAnswerEnd();
  void OnServiceGone(uint32_t error);

  bool unary() const { return info_.method == nullptr || !info_.method->streaming(); }
  void OnDecided(GrpcGate::Decision decision);
  void StartClock();
  void TakeTurn();
  void PassOn();
  void RequestFrom(ServiceConnection* service);
  /// How the service, or something in its place, ended an admitted call.
  void Settle(const grpc::Status& status, const http2::Headers& from_service);
  /// The call's last word to the client; the service's end goes too.
  void End(const grpc::Status& status, const http2::Headers& from_service = {});
  /// Whatever is still under way towards the service is cancelled.
  void LetServiceGo();
  void AnswerHealth();

  CallHost& host_;
  ClientEnd client_{*this};
  ServiceEnd service_{*this};
  std::string peer_;
  const http2::CallStream::TimePoint began_at_ = std::chrono::steady_clock::now();
  std::unique_ptr<CallHead> head_;  ///< until it was passed on
  ProxiedCall info_;
  http2::Headers told_, answer_;
  std::shared_ptr<Turn> turn_;
  std::unique_ptr<boost::asio::steady_timer> clock_;
  size_t request_bytes_ = 0, answer_bytes_ = 0;
  HealthMethod health_ = HealthMethod::kNone;
  bool head_read_ = false;
  bool too_large_ = false;  ///< the head
  bool admitted_ = false;
  bool request_complete_ = false;
  bool answering_ = false;  ///< the client has the answer's head
  bool answered_ = false;   ///< the service said its last word
  bool ended_ = false;
};

}  // namespace cartwise::gateway
