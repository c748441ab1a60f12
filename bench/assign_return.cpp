#include <absl/time/clock.h>
#include <google/protobuf/util/time_util.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>

#include "callers.hpp"
#include "cartwise/base/text.hpp"
#include "cartwise/device/v1/commands.pb.h"
#include "cartwise/events/v1/event.pb.h"
#include "cartwise/rental/v1/rentals.pb.h"
#include "cartwise/rpc/stream_server.hpp"
#include "connect.hpp"
#include "harness/process.hpp"
#include "harness/rack.hpp"
#include "rental_floor.hpp"
#include "sections.hpp"
#include "shops.hpp"

namespace cartwise::bench {

namespace asio = boost::asio;

namespace {

constexpr int kWorkers = 16;
const std::string kGateway = "gateway-svc", kDevices = "device-svc";
const std::string kAssign = "/cartwise.rental.v1.RentalService/AssignCart";
const std::string kDeliver = "/cartwise.events.v1.EventSinkService/Deliver";
const std::string kExecute = "/cartwise.device.v1.CommandExecutionService/Execute";

google::protobuf::Timestamp Now() {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(absl::Now()));
}

// Stands in for device-svc and the wire: every lock opens at once, and little is spent on it. So
// the figure is what rental-svc and PostgreSQL can do, not what a bus can.
class OpenAtOnce final : public rpc::BidiReactor<device::v1::ExecuteRequest, device::v1::Command> {
  void OnBegin() override { Read(); }
  void OnMessage(device::v1::ExecuteRequest request) override {
    device::v1::Command command;
    command.set_id(request.command_id());
    command.set_state(device::v1::Command::SUCCEEDED);
    command.set_attempts(1);
    *command.mutable_settled_at() = Now();
    Write(command);
    Finish(grpc::Status::OK);
  }
  void OnEnd() override {}
  void OnGone() override {}
};

absl::StatusOr<std::shared_ptr<rpc::StreamReactor>> BeginOpening(const rpc::CallContext&) {
  return std::make_shared<OpenAtOnce>();
}

// So that turns are alike: what one announced is not carried during the next one, and
// none has the dead rows of those before it to walk past.
void Level(fleet::Fleet& fleet) {
  fleet::Eventually([&] {
    return fleet.database
        .Sql(
            "SELECT FROM rental.outbox o WHERE (o.xid, o.seq) > "
            "(SELECT c.xid, c.seq FROM rental.outbox_cursors c ORDER BY c.xid, c.seq LIMIT 1) "
            "LIMIT 1")
        .empty();
  });
  fleet.database.Sql("VACUUM ANALYZE");
}

// One cycle: the call of a shopper's assign, then the event of the hook closing.
class Cycle {
 public:
  Cycle(Callers& callers, const std::string& token, std::string chain, Shop shop, bool with_key)
      : callers_(callers),
        token_("Bearer " + token),
        chain_(std::move(chain)),
        shop_(std::move(shop)),
        with_key_(with_key) {}

  asio::awaitable<bool> Run() {
    rental::v1::AssignCartRequest request;
    request.set_branch_id(shop_.branch);
    request.set_user_phone(fleet::NewPhone());
    const gateway::CallMetadata metadata{.authorization = token_,
                                         .idempotency_key = with_key_ ? NewUuid() : ""};
    rental::v1::Rental rental;
    const bool assigned = co_await callers_.Call(kGateway, kAssign, metadata, request, rental);
    if (!assigned) co_return false;
    const events::v1::DeliverRequest pushed_back = PushedBack(rental);
    const gateway::CallMetadata nothing;
    google::protobuf::Empty empty;
    const bool taken = co_await callers_.Call(kDevices, kDeliver, nothing, pushed_back, empty);
    co_return taken;
  }

 private:
  events::v1::DeliverRequest PushedBack(const rental::v1::Rental& rental) {
    events::v1::DeliverRequest request;
    auto& event = *request.add_events();
    event.set_id(NewUuid());
    event.set_chain_id(chain_);
    event.set_branch_id(shop_.branch);
    event.set_device_id(shop_.device);
    event.set_source("agent");
    event.set_type("lock.closed");
    event.set_subject(shop_.controller);
    event.set_sequence(++sequence_);
    *event.mutable_occurred_at() = Now();
    auto& fields = *event.mutable_payload()->mutable_fields();
    fields["controller_id"].set_string_value(shop_.controller);
    fields["lock"].set_number_value(rental.cart_number());
    fields["item_left"].set_string_value("YES");
    fields["seen_by"].set_string_value("POLL");
    return request;
  }

  Callers& callers_;
  const std::string token_, chain_;
  const Shop shop_;
  const bool with_key_;
  int64_t sequence_ = 0;
};

}  // namespace

std::vector<Figure> AssignReturn(fleet::Fleet& fleet, const Effort& effort) {
  auto server = rpc::StreamServer::Start("127.0.0.1:0", TlsOf(fleet, "device-svc"),
                                         {{kExecute, BeginOpening}});
  if (!server.ok()) std::exit(1);
  fleet.StartReplica(
      "rental-svc", "rental-svc-alone",
      {{"CARTWISE_DEVICE_TARGET", "127.0.0.1:" + std::to_string((*server)->port())}});
  fleet::Chain chain(fleet);
  OpenShops(fleet.database, chain.id, kWorkers);
  RentalFloor floor(chain.id, kWorkers);
  Callers callers(fleet, "rental-svc-alone", "rental", {kGateway, kDevices});

  const int seconds = std::max(1, int(effort.seconds * 0.4));
  const auto cycles = [&](bool with_key) {
    Level(fleet);
    return callers.OperationsPerSecond(kWorkers, seconds, [&](int worker) {
      const auto cycle = std::make_shared<Cycle>(callers, chain.owner->token(), chain.id,
                                                 ShopOf(worker), with_key);
      return [cycle] { return cycle->Run(); };
    });
  };
  double plain = 0, keyed = 0, statements = 0;
  RentalFloor::Walls walls;
  const std::vector<std::function<void()>> turns = {
      [&] { statements += floor.CyclesPerSecond(seconds) / effort.rounds; },
      [&] {
        const RentalFloor::Walls now = floor.CompareWalls(seconds + 1);
        walls.with += now.with / effort.rounds;
        walls.without += now.without / effort.rounds;
      },
      [&] { plain += cycles(false) / effort.rounds; },
      [&] { keyed += cycles(true) / effort.rounds; }};
  // Forth and back, so that what changes with time falls on all alike.
  for (int round = 0; round < effort.rounds; ++round) {
    if (round % 2 == 0) std::for_each(turns.begin(), turns.end(), [](auto& turn) { turn(); });
    if (round % 2 == 1) std::for_each(turns.rbegin(), turns.rend(), [](auto& turn) { turn(); });
  }
  fleet.Stop("rental-svc-alone", SIGTERM);
  constexpr auto kShare = Figure::Goal::kRatioAtLeast;
  return {
      {.name = "assign_return_vs_pgbench",
       .unit = "cycles/s",
       .ours = plain,
       .floor = statements,
       .goal = 0.6,
       .kind = kShare,
       .remark = "gRPC over TLS, locks that open at once; floor: pgbench, same statements"},
      {.name = "row_security_vs_none",
       .unit = "per CPU s",
       .ours = walls.with,
       .floor = walls.without,
       .goal = 0.95,
       .kind = kShare,
       .remark =
           "cycles' statements as the service's role; beside it, floor: as one it does not hold"},
      {.name = "idempotency_key_vs_none",
       .unit = "cycles/s",
       .ours = keyed,
       .floor = plain,
       .goal = 0.9,
       .kind = kShare,
       .remark = "each assign with an Idempotency-Key; floor: without"}};
}

}  // namespace cartwise::bench
