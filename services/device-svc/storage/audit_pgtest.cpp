#include "storage/fixture_pgtest.hpp"

namespace cartwise::device {
namespace {

// What the audit log will hold of this chain, in order.
std::vector<std::string> Deeds(TwoChains& f, const EnrolledBranch& branch) {
  std::vector<std::string> deeds;
  for (const auto row :
       f.server.Sql("SELECT type, audit->>'actor' AS actor, audit->>'role' AS role,"
                    " audit->>'reason' AS reason FROM device.outbox"
                    " WHERE audit IS NOT NULL AND chain_id = '" +
                    branch.chain.value() + "' ORDER BY seq")) {
    std::string deed = row.Text("type") + " by " + row.Text("actor") + " as " + row.Text("role");
    if (!row.Text("reason").empty()) deed += ": " + row.Text("reason");
    deeds.push_back(deed);
  }
  return deeds;
}

using Lines = std::vector<std::string>;

TEST_CASE("what staff do to devices and boards is announced with who did it", "[audit]") {
  TwoChains f;
  const Device device = f.Enrolled(f.haifa);
  f.server.Sql("DELETE FROM device.outbox");
  const Caller owner = TwoChains::Staff(f.haifa, Role::kOwner);
  const std::string by = " by " + owner.Label() + " as OWNER";

  DeviceChange change;
  change.name = "by the door";
  REQUIRE_OK(f.Do(owner, [&](Store& s) { return f.devices.Update(s, owner, device.id, change); }));
  REQUIRE_OK(
      f.Do(owner, [&](Store& s) { return f.devices.SetFirmware(s, owner, device.id, "2.0"); }));
  REQUIRE_OK(f.Do(owner, [&](Store& s) { return f.devices.RotateToken(s, owner, "", device.id); }));
  Controller wanted;
  wanted.device = device.id;
  wanted.port = "/dev/ttyUSB0";
  const auto board = f.Do(owner, [&](Store& s) { return f.controllers.Create(s, owner, wanted); });
  REQUIRE_OK(board);
  REQUIRE_OK(f.Do(owner, [&](Store& s) { return f.controllers.Update(s, owner, board->id, {}); }));
  REQUIRE_OK(f.Do(owner, [&](Store& s) { return f.controllers.Delete(s, owner, board->id); }));
  REQUIRE_OK(f.Do(owner, [&](Store& s) { return f.devices.Retire(s, owner, device.id); }));

  CHECK(Deeds(f, f.haifa) == Lines{"device.updated" + by, "device.updated" + by + ": firmware 2.0",
                                   "device.token_voided" + by, "controller.created" + by,
                                   "controller.updated" + by, "controller.deleted" + by,
                                   "device.retired" + by});
}

TEST_CASE("a second claim of a known address is in the log of whose device it is", "[audit]") {
  TwoChains f;
  const Device device = f.Enrolled(f.haifa);
  REQUIRE_OK(f.Open(device));
  f.server.Sql("DELETE FROM device.outbox");

  REQUIRE_OK(f.Enroll(f.tel_aviv, device.mac_address));
  REQUIRE_OK(f.Enroll(f.haifa, device.mac_address));

  const std::string by = " by service:rental-svc as SERVICE";
  CHECK(Deeds(f, f.haifa) == Lines{"device.claimed_elsewhere" + by,
                                   "device.quarantined" + by + ": claimed a second time"});
  CHECK(Deeds(f, f.tel_aviv).empty());
}

TEST_CASE("that a device comes and goes is nobody's deed", "[audit]") {
  TwoChains f;
  const Device device = f.Enrolled(f.haifa);
  f.server.Sql("DELETE FROM device.outbox");
  const auto stream = f.Open(device);
  REQUIRE_OK(stream);
  REQUIRE_OK(f.streams.Close(KeyOf(device), stream->id));

  CHECK(f.Count("device.outbox") == 2);
  CHECK(Deeds(f, f.haifa).empty());
}

}  // namespace
}  // namespace cartwise::device
