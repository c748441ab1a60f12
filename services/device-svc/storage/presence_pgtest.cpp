#include "storage/fixture_pgtest.hpp"

namespace cartwise::device {
namespace {

/// A device that is there, with a board that its agent has said nothing of.
struct NewBoard : TwoChains {
  const Device device = Enrolled(haifa);
  absl::StatusOr<OpenedStream> opened = Open(device);
  absl::StatusOr<Controller> board = AddBoard(device);

  NewBoard() {
    REQUIRE_OK(opened);
    REQUIRE_OK(board);
  }
  void Seen(ControllerStatus status) {
    REQUIRE_OK(streams.BoardsSeen(KeyOf(device), {{board->id, status}}));
  }
  void OpenAnew() {
    REQUIRE_OK(streams.Close(KeyOf(device), opened->id));
    REQUIRE_OK(Open(device));
  }
};

TEST_CASE("a stream brings a device online and its end takes it offline", "[presence]") {
  TwoChains f;
  const Device device = f.Enrolled(f.haifa);
  const auto board = f.AddBoard(device);
  REQUIRE_OK(board);

  const auto opened = f.Open(device);
  REQUIRE_OK(opened);
  CHECK(opened->controllers.size() == 1);
  CHECK(f.Stored(device.id).status == Status::kOnline);
  CHECK(f.Stored(device.id).lifecycle == Lifecycle::kActive);
  CHECK(f.Count("device.outbox WHERE type = 'device.online' AND payload->'controllers' = '[\"" +
                board->id.value() + "\"]'") == 1);

  REQUIRE_OK(f.streams.Close(KeyOf(device), opened->id));
  CHECK(f.Stored(device.id).status == Status::kOffline);
  CHECK(f.Events("device.offline") == 1);
}

TEST_CASE("the end of a replaced stream changes nothing", "[presence]") {
  TwoChains f;
  const Device device = f.Enrolled(f.haifa);
  const auto older = f.Open(device);
  REQUIRE_OK(older);
  const auto newer = f.Open(device);
  REQUIRE_OK(newer);

  REQUIRE_OK(f.streams.Close(KeyOf(device), older->id));

  CHECK(f.Stored(device.id).status == Status::kOnline);
  CHECK(f.streams.Counts(KeyOf(device), newer->id).value());
  CHECK_FALSE(f.streams.Counts(KeyOf(device), older->id).value());
  const auto held = f.streams.Held();
  REQUIRE_OK(held);
  REQUIRE(held->size() == 1);
  CHECK(held->front().stream == newer->id);
  CHECK(f.Events("device.online") == 1);
  CHECK(f.Events("device.offline") == 0);
}

TEST_CASE("a process that died takes its devices offline when its lease is over", "[presence]") {
  TwoChains f;
  const Device device = f.Enrolled(f.haifa);
  REQUIRE_OK(f.Open(device));
  CHECK(f.streams.SweepVanished().value() == 0);

  f.server.Sql("UPDATE device.replicas SET leased_until = now() - interval '1 second'");

  CHECK(f.streams.SweepVanished().value() == 1);
  CHECK(f.Stored(device.id).status == Status::kOffline);
  CHECK(f.Events("device.offline") == 1);
  CHECK(f.Count("device.streams WHERE stream_id IS NOT NULL") == 0);
}

TEST_CASE("a device that reconnects elsewhere before the lease is over stays online",
          "[presence]") {
  TwoChains f;
  const Device device = f.Enrolled(f.haifa);
  REQUIRE_OK(f.Open(device));
  f.server.Sql("UPDATE device.replicas SET leased_until = now() - interval '1 second'");
  Streams other(f.database, f.presence, f.clock, ReplicaId::New());
  REQUIRE_OK(other.RenewLease());

  REQUIRE_OK(other.Open(TwoChains::Speaking(device), {device.tokens.current, kEpoch, 0, "", ""}));

  CHECK(other.SweepVanished().value() == 0);
  CHECK(f.Stored(device.id).status == Status::kOnline);
  CHECK(f.Events("device.offline") == 0);
}

TEST_CASE("a device without a stream lives by its heartbeats, for 90 seconds", "[presence]") {
  TwoChains f;
  const Device device = f.Enrolled(f.haifa);
  const SelfReport report{device.tokens.current, Status::kOnline, "10.0.0.9", "2.0"};
  REQUIRE_OK(f.streams.Beat(TwoChains::Speaking(device), report));
  CHECK(f.Stored(device.id).status == Status::kOnline);
  CHECK(f.Stored(device.id).ip_address == "10.0.0.9");
  CHECK(f.Events("device.online") == 1);

  f.clock.Advance(absl::Seconds(60));
  REQUIRE_OK(f.streams.Beat(TwoChains::Speaking(device), report));
  REQUIRE_OK(f.streams.Flush());
  f.clock.Advance(absl::Seconds(89));
  CHECK(f.streams.SweepVanished().value() == 0);
  f.clock.Advance(absl::Seconds(10));
  CHECK(f.streams.SweepVanished().value() == 1);
  CHECK(f.Stored(device.id).status == Status::kOffline);
}

TEST_CASE("heartbeats are stored in batches, the newest wins", "[presence]") {
  TwoChains f;
  const Device device = f.Enrolled(f.haifa);
  const Device other = f.Enrolled(f.tel_aviv, "02:00:00:00:00:02");
  const absl::Time now = absl::FromUnixSeconds(1'790'000'000);
  f.streams.Note(KeyOf(device), now);
  f.streams.Note(KeyOf(device), now - absl::Seconds(5));
  f.streams.Note(KeyOf(other), now);
  REQUIRE_OK(f.streams.Flush());
  CHECK(f.Stored(device.id).last_heartbeat == now);
  CHECK(f.Stored(other.id).last_heartbeat == now);

  f.streams.Note(KeyOf(device), now - absl::Seconds(1));
  REQUIRE_OK(f.streams.Flush());
  CHECK(f.Stored(device.id).last_heartbeat == now);
}

TEST_CASE("an error that a device reports is seen, and it still is there", "[presence]") {
  TwoChains f;
  const Device device = f.Enrolled(f.haifa);
  SelfReport report{device.tokens.current, Status::kOnline, "", ""};
  REQUIRE_OK(f.streams.Beat(TwoChains::Speaking(device), report));
  report.status = Status::kError;
  REQUIRE_OK(f.streams.Beat(TwoChains::Speaking(device), report));
  CHECK(f.Stored(device.id).status == Status::kError);
  CHECK(f.Events("device.online") == 1);
  CHECK(f.Events("device.offline") == 0);
}

TEST_CASE("boards that an agent loses and finds are marked, its own only", "[presence]") {
  TwoChains f;
  const Device device = f.Enrolled(f.haifa);
  const Device other = f.Enrolled(f.haifa, "02:00:00:00:00:02");
  const auto own = f.AddBoard(device), foreign = f.AddBoard(other);
  REQUIRE_OK(own);
  REQUIRE_OK(foreign);

  REQUIRE_OK(f.streams.BoardsSeen(KeyOf(device), {{own->id, ControllerStatus::kActive},
                                                  {foreign->id, ControllerStatus::kError}}));

  CHECK(f.streams.ControllersOf(KeyOf(device))->front().status == ControllerStatus::kActive);
  CHECK(f.streams.ControllersOf(KeyOf(other))->front().status == ControllerStatus::kInactive);
}

TEST_CASE("that an agent finds a board or loses it is announced when it is news", "[presence]") {
  NewBoard f;
  CHECK(f.Count("device.outbox WHERE type = 'controller.created' AND "
                "payload->>'status' = 'INACTIVE'") == 1);

  const auto told = [&](const std::string& type, const std::string& status) {
    return f.Count("device.outbox WHERE type = '" + type + "' AND payload->>'id' = '" +
                   f.board->id.value() + "' AND payload->>'status' = '" + status +
                   "' AND payload->>'device_online' = 'true'");
  };
  for (int i = 0; i < 2; ++i) f.Seen(ControllerStatus::kActive);
  CHECK(told("controller.found", "ACTIVE") == 1);
  for (int i = 0; i < 2; ++i) f.Seen(ControllerStatus::kError);
  CHECK(told("controller.lost", "ERROR") == 1);
  f.Seen(ControllerStatus::kActive);
  CHECK(told("controller.found", "ACTIVE") == 2);
}

TEST_CASE("news of a device is never older than what was told before, whatever a clock says",
          "[presence]") {
  NewBoard f;

  // Another process goes on, whose clock is behind.
  f.clock.Advance(-absl::Seconds(5));
  f.Seen(ControllerStatus::kActive);
  f.OpenAnew();

  CHECK(f.Count("device.outbox a JOIN device.outbox b ON b.seq > a.seq AND b.subject = a.subject"
                " WHERE b.occurred_at < a.occurred_at") == 0);
  CHECK(f.Events("device.online") == 2);
  CHECK(f.Events("controller.found") == 1);
}

TEST_CASE("a board that never answered is not found, however often its agent misses it",
          "[presence]") {
  NewBoard f;
  const auto status = [&] { return f.streams.ControllersOf(KeyOf(f.device))->front().status; };

  f.Seen(ControllerStatus::kError);
  f.OpenAnew();
  f.Seen(ControllerStatus::kError);

  CHECK(status() == ControllerStatus::kInactive);
  CHECK(f.Events("controller.found") == 0);

  f.Seen(ControllerStatus::kActive);
  CHECK(status() == ControllerStatus::kActive);
  CHECK(f.Events("controller.found") == 1);
  f.Seen(ControllerStatus::kError);
  CHECK(status() == ControllerStatus::kError);
}

TEST_CASE("a change of a board is announced and reaches the holder of the stream", "[presence]") {
  TwoChains f;
  const Device device = f.Enrolled(f.haifa);
  REQUIRE_OK(f.Open(device));

  const auto board = f.AddBoard(device);
  REQUIRE_OK(board);

  CHECK_REFUSED(f.AddBoard(device), "CONTROLLER_ADDRESS_TAKEN");
  CHECK(f.Count("device.outbox WHERE type = 'controller.created' AND payload->>'id' = '" +
                board->id.value() + "' AND payload->>'device_online' = 'true'") == 1);
}

}  // namespace
}  // namespace cartwise::device
