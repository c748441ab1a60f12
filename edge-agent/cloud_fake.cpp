#include "cloud_fake.hpp"

#include <algorithm>
#include <chrono>

#include "cartwise/auth/order_keys.hpp"
#include "cartwise/base/ids.hpp"
#include "linux/atomic_file.hpp"

namespace cartwise::edge {

namespace v1 = device::v1;

constexpr auto kPatience = std::chrono::seconds(20);

class FakeCloud::Devices final : public v1::DeviceService::Service {
 public:
  explicit Devices(FakeCloud& cloud) : cloud_(cloud) {}

  grpc::Status RegisterDevice(grpc::ServerContext*, const v1::RegisterDeviceRequest* request,
                              v1::RegisterDeviceResponse* answer) override {
    std::lock_guard lock(cloud_.mutex_);
    ++cloud_.enrollments;
    cloud_.changed_.notify_all();
    if (request->enrollment_key() != "cwek_good") {
      return {grpc::StatusCode::UNAUTHENTICATED, "no such enrollment key"};
    }
    answer->set_device_id("device");
    answer->set_chain_id("chain");
    answer->set_branch_id("branch");
    answer->set_device_token(cloud_.token_);
    (*answer->mutable_order_keys())[cloud_.key_.id()] = cloud_.key_.PublicPem();
    return grpc::Status::OK;
  }
  grpc::Status RotateDeviceToken(grpc::ServerContext*, const v1::RotateDeviceTokenRequest*,
                                 v1::RotateDeviceTokenResponse* answer) override {
    std::lock_guard lock(cloud_.mutex_);
    cloud_.token_ = "token-" + std::to_string(++cloud_.rotations + 1);
    answer->set_device_token(cloud_.token_);
    cloud_.changed_.notify_all();
    return grpc::Status::OK;
  }

 private:
  FakeCloud& cloud_;
};

class FakeCloud::Agents final : public v1::AgentService::Service {
 public:
  explicit Agents(FakeCloud& cloud) : cloud_(cloud) {}

  grpc::Status Control(grpc::ServerContext* context, ControlStream* stream) override {
    if (!cloud_.MayEnter(*context)) return {grpc::StatusCode::UNAUTHENTICATED, "bad token"};
    cloud_.Serve(*stream);
    return {grpc::StatusCode::UNAVAILABLE, "going away"};
  }
  grpc::Status Upload(grpc::ServerContext* context, UploadStream* stream) override {
    if (!cloud_.MayEnter(*context)) return {grpc::StatusCode::UNAUTHENTICATED, "bad token"};
    return cloud_.Upload(*stream);
  }

 private:
  FakeCloud& cloud_;
};

FakeCloud::FakeCloud()
    : key_(auth::NewTestKey("device-test")),
      devices_(std::make_unique<Devices>(*this)),
      agents_(std::make_unique<Agents>(*this)) {
  Start();
}

FakeCloud::~FakeCloud() {
  Stop();
}

void FakeCloud::Start() {
  const auto files = certificates_.Of("localhost");
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({*ReadWholeFile(files.key), *ReadWholeFile(files.cert)});
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port_), grpc::SslServerCredentials(tls),
                           &port_);
  builder.RegisterService(devices_.get());
  builder.RegisterService(agents_.get());
  server_ = builder.BuildAndStart();
}

void FakeCloud::Stop() {
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
}

bool FakeCloud::MayEnter(const grpc::ServerContext& context) {
  std::lock_guard lock(mutex_);
  const auto bearer = context.client_metadata().find("authorization");
  const bool known =
      bearer != context.client_metadata().end() && bearer->second == "Bearer " + token_;
  const bool may = known && !refuse_tokens_;
  refusals += !may;
  changed_.notify_all();
  return may;
}

void FakeCloud::Serve(ControlStream& stream) {
  v1::ControlRequest message;
  if (!stream.Read(&message) || !message.has_hello()) return;
  {
    std::lock_guard lock(mutex_);
    hellos.push_back(message.hello());
    boot_clock_ms_ = message.hello().boot_clock_ms();
    v1::ControlResponse welcome;
    welcome.mutable_welcome()->set_device_id("device");
    welcome.mutable_welcome()->set_heartbeat_interval_ms(200);
    *welcome.mutable_welcome()->mutable_configuration() = configuration_;
    stream.Write(welcome);
    stream_ = &stream;
    connected = true;
  }
  while (stream.Read(&message)) Take(message);
  std::lock_guard lock(mutex_);
  stream_ = nullptr;
  connected = false;
  changed_.notify_all();
}

void FakeCloud::Take(const v1::ControlRequest& message) {
  std::lock_guard lock(mutex_);
  v1::ControlResponse answer;
  if (message.has_heartbeat()) boot_clock_ms_ = message.heartbeat().boot_clock_ms();
  if (message.has_caught_up()) ++caught_ups;
  if (message.has_proving()) provings.push_back(message.proving().command_id());
  if (message.has_event() && commit_) {
    events.push_back(message.event());
    answer.set_events_committed(message.event().journal_seq());
    stream_->Write(answer);
  }
  if (message.has_result() && commit_) {
    results[message.result().command_id()] = message.result();
    answer.set_result_committed(message.result().command_id());
    stream_->Write(answer);
  }
  changed_.notify_all();
}

grpc::Status FakeCloud::Upload(UploadStream& stream) {
  v1::UploadRequest batch;
  while (stream.Read(&batch)) {
    {
      std::lock_guard lock(mutex_);
      if (batch.events_size() > most_events_) {
        return {grpc::StatusCode::RESOURCE_EXHAUSTED, "message too big"};
      }
      for (const auto& event : batch.events()) telemetry.push_back(event);
      changed_.notify_all();
    }
    v1::UploadResponse answer;
    answer.set_batch_committed(batch.batch());
    stream.Write(answer);
  }
  std::lock_guard lock(mutex_);
  ++uploads_ended;
  changed_.notify_all();
  return grpc::Status::OK;
}

void FakeCloud::Configure(const v1::Configuration& configuration) {
  std::lock_guard lock(mutex_);
  configuration_ = configuration;
  if (stream_ == nullptr) return;
  v1::ControlResponse message;
  *message.mutable_configuration() = configuration;
  stream_->Write(message);
}

void FakeCloud::RefuseTokens(bool refuse) {
  std::lock_guard lock(mutex_);
  refuse_tokens_ = refuse;
}

void FakeCloud::LimitUploads(int most_events) {
  std::lock_guard lock(mutex_);
  most_events_ = most_events;
}

void FakeCloud::Commit(bool commit) {
  std::lock_guard lock(mutex_);
  commit_ = commit;
}

void FakeCloud::ChangeKey(bool vouched) {
  std::lock_guard lock(mutex_);
  const auth::SigningKey old = std::exchange(key_, auth::NewTestKey("device-test-" + NewUuid()));
  v1::OrderKeys keys;
  (*keys.mutable_keys())[key_.id()] = key_.PublicPem();
  v1::ControlResponse message;
  auto& told = *message.mutable_order_keys();
  told.set_order_keys(keys.SerializeAsString());
  for (const auth::SigningKey& key : {key_, vouched ? old : key_}) {
    auto& signature = *told.add_signatures();
    signature.set_key_id(key.id());
    signature.set_signature(key.Sign(auth::OrderKeysToSign(told.order_keys())));
  }
  if (stream_ != nullptr) stream_->Write(message);
}

std::string FakeCloud::Unlock(const std::string& controller, int lock_number, int ttl_ms) {
  std::lock_guard lock(mutex_);
  v1::Order order;
  order.set_command_id(NewUuid());
  order.set_device_id("device");
  order.set_chain_id("chain");
  order.set_agent_epoch(hellos.back().agent_epoch());
  order.set_seq(++seq_);
  order.set_not_after_ms(boot_clock_ms_ + ttl_ms);
  order.set_kind("lock.unlock");
  auto& fields = *order.mutable_arguments()->mutable_fields();
  fields["controller_id"].set_string_value(controller);
  fields["lock"].set_number_value(lock_number);
  v1::ControlResponse message;
  auto& signed_order = *message.mutable_order();
  signed_order.set_order(order.SerializeAsString());
  signed_order.set_signature(key_.Sign(signed_order.order()));
  signed_order.set_key_id(key_.id());
  if (stream_ != nullptr) stream_->Write(message);
  return order.command_id();
}

bool FakeCloud::Await(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  std::unique_lock lock(mutex_);
  // The condition may be about something else than this cloud: look now and then.
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    changed_.wait_for(lock, std::chrono::milliseconds(20));
  }
  return true;
}

int FakeCloud::Count(const std::string& type) const {
  return static_cast<int>(std::count_if(events.begin(), events.end(),
                                        [&](const auto& event) { return event.type() == type; }));
}

}  // namespace cartwise::edge
