#include <absl/time/clock.h>

#include "cartwise/base/ids.hpp"
#include "cartwise/base/text.hpp"
#include "cartwise/telemetry/v1/telemetry.grpc.pb.h"
#include "connect.hpp"
#include "load.hpp"
#include "sections.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace cartwise::bench {
namespace {

constexpr int kBatch = 500;
constexpr int kWorkers = 4;
constexpr int kCopyRows = 100'000;

struct Device {
  std::string chain = NewUuid(), branch = NewUuid(), device = NewUuid();
};

telemetry::v1::IngestRequest Batch(const Device& device) {
  telemetry::v1::IngestRequest request;
  request.set_chain_id(device.chain);
  request.set_branch_id(device.branch);
  request.set_device_id(device.device);
  const absl::Time now = absl::Now();
  for (int i = 0; i < kBatch; ++i) {
    auto& event = *request.add_events();
    event.set_event_id(NewUuid());
    event.set_event_type("agent.health");
    (*event.mutable_event_data()->mutable_fields())["cpu_temperature"].set_number_value(51.5);
    (*event.mutable_event_data()->mutable_fields())["load"].set_number_value(0.25);
    event.mutable_occurred_at()->set_seconds(absl::ToUnixSeconds(now));
    event.mutable_occurred_at()->set_nanos(i * 1000);
  }
  return request;
}

// Rows a second that COPY stores in the same table over one connection.
double CopyRowsPerSecond(fleet::Fleet& fleet) {
  const std::string file = fleet.folder() + "/copy.txt";
  const Device device;
  const std::string now = ToRfc3339(absl::Now());
  std::ofstream rows(file);
  for (int i = 0; i < kCopyRows; ++i) {
    rows << device.chain << '\t' << device.branch << '\t' << device.device << '\t' << NewUuid()
         << "\tagent.health\t{\"cpu_temperature\": 51.5, \"load\": 0.25}\t" << now << '\t' << now
         << '\n';
  }
  rows.close();
  const std::string command =
      "psql -qX '" + fleet.database.SuperUrl() +
      "' -c \"\\copy telemetry.events (chain_id, branch_id, device_id, event_id, event_type, "
      "event_data, occurred_at, received_at) from '" +
      file + "'\"";
  const int64_t begin = MonotonicMicros();
  if (std::system(command.c_str()) != 0) std::exit(1);
  return kCopyRows * 1e6 / double(MonotonicMicros() - begin);
}

}  // namespace

std::vector<Figure> Telemetry(fleet::Fleet& fleet, const Effort& effort) {
  const auto ingest = [&](int) {
    std::shared_ptr<telemetry::v1::TelemetryIngestService::Stub> stub =
        telemetry::v1::TelemetryIngestService::NewStub(
            ChannelTo(fleet, "telemetry-svc", "telemetry-svc", "device-svc"));
    return [stub, device = Device()] {
      const auto request = Batch(device);
      grpc::ClientContext context;
      telemetry::v1::IngestResponse answer;
      const grpc::Status status = stub->Ingest(&context, request, &answer);
      if (!status.ok()) std::fprintf(stderr, "ingest: %s\n", status.error_message().c_str());
      return status.ok() && answer.stored() == kBatch;
    };
  };
  double ours = 0, floor = 0;
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds; ++round) {
    floor += CopyRowsPerSecond(fleet) / kRounds;
    ours += kBatch * OperationsPerSecond(kWorkers, effort.seconds, ingest) / kRounds;
  }
  return {{.name = "telemetry_vs_copy",
           .unit = "rows/s",
           .ours = ours,
           .floor = floor,
           .goal = 0.5,
           .kind = Figure::Goal::kRatioAtLeast,
           .remark = "batches of 500 over gRPC, committed; floor: COPY into the same table"}};
}

}  // namespace cartwise::bench
