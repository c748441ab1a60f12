#include <google/protobuf/util/time_util.h>
#include <grpcpp/grpcpp.h>
#include <poll.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "cartwise/base/ids.hpp"
#include "cartwise/device/v1/agent.grpc.pb.h"
#include "harness/rack.hpp"
#include "proc.hpp"
#include "sections.hpp"

namespace cartwise::bench {
namespace {

namespace v1 = device::v1;

// What a quiet connection does not need goes back within a second.
constexpr int kRestMs = 3000;

// One emulated agent: a TLS connection of its own with the control lane open.
struct Agent {
  grpc::ClientContext control_context;
  std::unique_ptr<v1::AgentService::Stub> stub;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::ControlRequest, v1::ControlResponse>> control;
};

void Await(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  if (!queue.Next(&tag, &ok) || !ok) {
    std::fprintf(stderr, "bench: an emulated agent was refused\n");
    std::exit(1);
  }
}

// Health, as agents tell it every minute.
void Upload(v1::AgentService::Stub& stub, const std::string& token) {
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + token);
  const auto stream = stub.Upload(&context);
  v1::UploadRequest batch;
  batch.set_batch(1);
  auto& event = *batch.add_events();
  event.set_event_id(NewUuid());
  event.set_event_type("agent.health");
  *event.mutable_occurred_at() = google::protobuf::util::TimeUtil::GetCurrentTime();
  v1::UploadResponse committed;
  if (!stream->Write(batch) || !stream->Read(&committed) || !stream->WritesDone() ||
      !stream->Finish().ok()) {
    std::fprintf(stderr, "bench: telemetry of an emulated agent was refused\n");
    std::exit(1);
  }
}

std::unique_ptr<Agent> Connect(fleet::Fleet& fleet, const std::string& ca, const std::string& token,
                               grpc::CompletionQueue& queue) {
  auto agent = std::make_unique<Agent>();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = ca;
  agent->stub = v1::AgentService::NewStub(grpc::CreateCustomChannel(
      "localhost:" + std::to_string(fleet.grpc_port()), grpc::SslCredentials(tls), arguments));
  agent->control_context.AddMetadata("authorization", "Bearer " + token);
  agent->control = agent->stub->AsyncControl(&agent->control_context, &queue, nullptr);
  Await(queue);
  v1::ControlRequest hello;
  hello.mutable_hello()->set_agent_epoch(std::string(32, 'a'));
  hello.mutable_hello()->set_boot_clock_ms(1'000'000);
  agent->control->Write(hello, nullptr);
  Await(queue);
  v1::ControlResponse welcome;
  agent->control->Read(&welcome, nullptr);
  Await(queue);
  Upload(*agent->stub, token);
  return agent;
}

std::vector<std::string> EnrollDevices(fleet::Fleet& fleet, fleet::Chain& chain, int count) {
  const std::string branch =
      chain.owner->Post("/api/branches", {{"name", "Agents"}, {"branch_code", "agents"}})
          .body["id"];
  fleet::Rest stranger = fleet.Anonymous();
  std::vector<std::string> tokens;
  std::string key;
  for (int i = 0; i < count; ++i) {
    if (i % 100 == 0) {
      key = chain.owner->Post("/api/branches/" + branch + "/enrollment-keys", {{"max_uses", 100}})
                .body["key"];
    }
    char mac[32];
    std::snprintf(mac, sizeof(mac), "06:00:00:00:%02x:%02x", i >> 8, i & 255);
    const auto answer =
        stranger.Send({"POST",
                       "/api/devices/register",
                       fleet::Json{{"enrollment_key", key}, {"mac_address", mac}}.dump(),
                       {}});
    if (!answer.ok()) {
      std::fprintf(stderr, "bench: register: %s\n", answer.text.c_str());
      std::exit(1);
    }
    tokens.push_back(answer.body["device_token"]);
  }
  return tokens;
}

}  // namespace

// What the gateway and device-svc grow by, together, per connected agent.
std::vector<Figure> AgentMemory(fleet::Fleet& fleet, const Effort& effort) {
  fleet::Chain chain(fleet);
  const auto tokens = EnrollDevices(fleet, chain, effort.agents);
  // What other measurements left behind would hide some of the growth.
  for (const char* service : {"device-svc", "gateway-svc"}) {
    fleet.Stop(service, SIGTERM);
    fleet.Start(service);
  }
  std::ostringstream ca;
  ca << std::ifstream(fleet.ca()).rdbuf();
  grpc::CompletionQueue queue;
  // The first ones warm up what is there once.
  std::vector<std::unique_ptr<Agent>> agents;
  const size_t warm = tokens.size() / 10;
  for (size_t i = 0; i < warm; ++i) agents.push_back(Connect(fleet, ca.str(), tokens[i], queue));

  poll(nullptr, 0, kRestMs);
  const double gateway = ResidentKb(fleet.PidOf("gateway-svc"));
  const double device = ResidentKb(fleet.PidOf("device-svc"));
  for (size_t i = warm; i < tokens.size(); ++i) {
    agents.push_back(Connect(fleet, ca.str(), tokens[i], queue));
  }
  poll(nullptr, 0, kRestMs);
  const double count = double(tokens.size() - warm);
  const double gateway_kb = (ResidentKb(fleet.PidOf("gateway-svc")) - gateway) / count;
  const double device_kb = (ResidentKb(fleet.PidOf("device-svc")) - device) / count;
  return {{.name = "rss_per_agent_kb",
           .unit = "KB",
           .ours = gateway_kb + device_kb,
           .goal = 40,
           .remark = std::to_string(agents.size()) + " agents over TLS; gateway " +
                     std::to_string(int(gateway_kb)) + ", device-svc " +
                     std::to_string(int(device_kb))}};
}

}  // namespace cartwise::bench
