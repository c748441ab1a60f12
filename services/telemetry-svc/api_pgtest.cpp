// A device's upload over gRPC, in one process: handler, guard, use case, store.
#include <grpcpp/grpcpp.h>

#include "api/telemetry_rpc.hpp"
#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/rpc/status.hpp"
#include "storage/fixture_pgtest.hpp"

namespace cartwise::telemetry {
namespace {

struct Served : Fixture {
  const SystemClock clock;
  const auth::SigningKey key = auth::NewTestKey("device-test");
  const auth::TokenVerifier tokens{auth::KeySet::FromPem({{key.id(), key.PublicPem()}}).value(),
                                   clock};
  rpc::Guard guard{tokens, database.metrics};
  const Ingest ingest{store, clock};
  const Listing listing{store};
  TelemetryRpc rpc{guard, ingest, listing};
  const std::unique_ptr<grpc::Server> server =
      grpc::ServerBuilder().RegisterService(&rpc).BuildAndStart();
  const std::unique_ptr<v1::TelemetryService::Stub> telemetry =
      v1::TelemetryService::NewStub(server->InProcessChannel({}));

  v1::IngestTelemetryRequest Batch(const std::vector<std::string>& types) const {
    v1::IngestTelemetryRequest batch;
    batch.set_device_id(device.value());
    for (const std::string& type : types) batch.add_events()->set_event_type(type);
    return batch;
  }
  absl::StatusOr<v1::IngestTelemetryResponse> Upload(const v1::IngestTelemetryRequest& batch,
                                                     const std::string& idempotency_key = "") {
    grpc::ClientContext call;
    call.AddMetadata("authorization", "Bearer " + auth::IssueToken(key, DeviceOf(device, now),
                                                                   clock.Now(), absl::Minutes(15)));
    if (!idempotency_key.empty()) call.AddMetadata("idempotency-key", idempotency_key);
    v1::IngestTelemetryResponse answer;
    const grpc::Status done = telemetry->IngestTelemetry(&call, batch, &answer);
    if (!done.ok()) return rpc::FromGrpc(done);
    return answer;
  }
};

TEST_CASE("an upload repeated under its Idempotency-Key is stored once", "[telemetry][pg]") {
  Served f;
  const auto batch = f.Batch({"door.opened", "door.shut"});

  const auto first = f.Upload(batch, "k"), again = f.Upload(batch, "k");

  REQUIRE_OK(first);
  REQUIRE_OK(again);
  CHECK(first->stored() == 2);
  CHECK(again->SerializeAsString() == first->SerializeAsString());
  CHECK(f.List(f.OfDevice()).size() == 2);
  CHECK_REFUSED(f.Upload(f.Batch({"door.opened"}), "k"), "IDEMPOTENCY_KEY_REUSED");
  CHECK(f.List(f.OfDevice()).size() == 2);
}

TEST_CASE("an upload without ids and key is new each time", "[telemetry][pg]") {
  Served f;

  REQUIRE_OK(f.Upload(f.Batch({"door.opened"})));
  REQUIRE_OK(f.Upload(f.Batch({"door.opened"})));
  CHECK(f.List(f.OfDevice()).size() == 2);
}

}  // namespace
}  // namespace cartwise::telemetry
