#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/auth/tokens.hpp"
#include "cartwise/device/v1/agent.grpc.pb.h"
#include "cartwise/device/v1/devices.grpc.pb.h"

namespace cartwise::edge {

/// The cloud as an agent sees it, over real TLS: enrolls, welcomes, commits,
/// sends orders, goes away. Thread-safe.
class FakeCloud {
 public:
  FakeCloud();
  ~FakeCloud();

  /// Starts to listen, always at the same address.
  void Start();
  /// Hangs up on everybody.
  void Stop();

  std::string address() const { return "localhost:" + std::to_string(port_); }
  std::string ca() const { return certificates_.Of("localhost").ca; }

  /// Sent with every Welcome; and at once while a stream is open.
  void Configure(const device::v1::Configuration& configuration);
  /// Tokens are refused from now on.
  void RefuseTokens(bool refuse);
  /// Batches of more telemetry are refused from now on.
  void LimitUploads(int most_events);
  /// Whether what arrives is committed.
  void Commit(bool commit);

  /// Signs with a new key from now on, and says so; `vouched`: in the name of the old one.
  void ChangeKey(bool vouched);

  /// Sends an unlock; its command id. `ttl_ms` counts from the agent's last
  /// heartbeat.
  std::string Unlock(const std::string& controller, int lock, int ttl_ms = 5000);

  /// Waits until `holds`, at most 20 s; called with the lock held.
  bool Await(const std::function<bool()>& holds);

  /// What arrived; look only in Await or when nothing arrives any more.
  std::vector<device::v1::Hello> hellos;
  std::vector<device::v1::AgentEvent> events;
  std::vector<device::v1::TelemetryEvent> telemetry;
  std::map<std::string, device::v1::CommandResult> results;
  std::vector<std::string> provings;  ///< command ids
  int enrollments = 0;
  int rotations = 0;
  int refusals = 0;
  int caught_ups = 0;
  int uploads_ended = 0;
  bool connected = false;

  int Count(const std::string& type) const;

 private:
  using ControlStream =
      grpc::ServerReaderWriter<device::v1::ControlResponse, device::v1::ControlRequest>;
  using UploadStream =
      grpc::ServerReaderWriter<device::v1::UploadResponse, device::v1::UploadRequest>;

  class Devices;
  class Agents;

  bool MayEnter(const grpc::ServerContext& context);
  void Serve(ControlStream& stream);
  void Take(const device::v1::ControlRequest& message);
  grpc::Status Upload(UploadStream& stream);

  auth::TestCertificates certificates_;
  auth::SigningKey key_;
  std::unique_ptr<Devices> devices_;
  std::unique_ptr<Agents> agents_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  device::v1::Configuration configuration_;
  ControlStream* stream_ = nullptr;
  int64_t boot_clock_ms_ = 0;
  int64_t seq_ = 0;
  std::string token_ = "token-1";
  int most_events_ = 1000;
  bool refuse_tokens_ = false;
  bool commit_ = true;
};

}  // namespace cartwise::edge
