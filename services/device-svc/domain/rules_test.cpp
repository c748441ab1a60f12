#include <catch2/catch.hpp>

#include "cartwise/testing/status.hpp"
#include "domain/command.hpp"
#include "domain/controller.hpp"
#include "domain/device.hpp"
#include "domain/notice.hpp"
#include "domain/presence.hpp"
#include "domain/settle.hpp"
#include "domain/waiters.hpp"

namespace cartwise::device {
namespace {

using S = CommandState;
const absl::Time kNow = absl::FromUnixSeconds(1'780'000'000);

TEST_CASE("a final state never changes, and nothing becomes SENT again", "[command]") {
  for (const S from : {S::kSucceeded, S::kFailed, S::kDropped, S::kRejected}) {
    for (const S to :
         {S::kSent, S::kSucceeded, S::kFailed, S::kDropped, S::kRejected, S::kUnknown}) {
      CAPTURE(NameOf(from), NameOf(to));
      CHECK_FALSE(MayBecome(from, to));
    }
  }
  CHECK_FALSE(MayBecome(S::kUnknown, S::kSent));
}

TEST_CASE("an open command may end in every way", "[command]") {
  for (const S from : {S::kSent, S::kUnknown}) {
    for (const S to : {S::kSucceeded, S::kFailed, S::kDropped, S::kRejected}) {
      CHECK(MayBecome(from, to));
    }
  }
  CHECK(MayBecome(S::kSent, S::kUnknown));
}

TEST_CASE("states keep their names", "[command]") {
  for (const S state :
       {S::kSent, S::kSucceeded, S::kFailed, S::kDropped, S::kRejected, S::kUnknown}) {
    CHECK(CommandStateNamed(NameOf(state)) == state);
  }
}

TEST_CASE("a command says which of its fields are wrong", "[command]") {
  NewCommand command;
  command.kind = "unlock everything";
  command.ttl = absl::Milliseconds(1);
  command.requested_by = "user:x";
  command.purpose = std::string("a\0b", 3);

  const auto faults = errors::Fields(command.Check());

  REQUIRE(faults.size() == 3);
  CHECK(faults[0].first == "kind");
  CHECK(faults[1].first == "ttl_ms");
  CHECK(faults[2].first == "purpose");
}

TEST_CASE("what only reads needs no reason", "[command]") {
  CHECK_FALSE(ActsOnTheWorld("lock.read"));
  CHECK(ActsOnTheWorld("lock.unlock"));
  CHECK(ActsOnTheWorld("read"));
}

// A command of the stream before, accepted by the agent unless `seq` is above 5.
Command Open(std::optional<int64_t> seq) {
  Command command;
  command.device = DeviceId::New();
  command.stream = StreamId("before");
  command.agent_epoch = "epoch";
  command.seq = seq;
  return command;
}

const CaughtUpStream kCaughtUp{StreamId("now"), "epoch", 5};

TEST_CASE("what the agent had not accepted when it came back never arrived", "[settle]") {
  for (const std::optional<int64_t> seq : {std::optional<int64_t>(6), std::optional<int64_t>()}) {
    const auto outcome = SettleAtCaughtUp(Open(seq), kCaughtUp);
    REQUIRE(outcome);
    CHECK(outcome->state == S::kDropped);
    CHECK(outcome->reason == "NEVER_RECEIVED");
  }
}

TEST_CASE("what the agent had accepted is left to the agent", "[settle]") {
  CHECK_FALSE(SettleAtCaughtUp(Open(5), kCaughtUp));
}

TEST_CASE("what went out on the stream itself is still to be answered", "[settle]") {
  Command command = Open(6);
  command.stream = kCaughtUp.stream;
  CHECK_FALSE(SettleAtCaughtUp(command, kCaughtUp));
}

TEST_CASE("a new start of the agent voids what it does not report", "[settle]") {
  Command command = Open(3);
  command.agent_epoch = "before";
  command.state = GENERATE(S::kSent, S::kUnknown);
  const auto outcome = SettleAtCaughtUp(command, kCaughtUp);
  REQUIRE(outcome);
  CHECK(outcome->state == S::kDropped);
  CHECK(outcome->reason == "WRONG_EPOCH");
}

TEST_CASE("what the agent itself does not know is nobody's guess", "[settle]") {
  Command command = Open(9);
  command.agent_epoch = "before";
  command.state = S::kUnknown;
  command.reported = true;
  CHECK_FALSE(SettleAtCaughtUp(command, kCaughtUp));
}

TEST_CASE("what is final stays as it is", "[settle]") {
  Command command = Open(9);
  command.state = S::kSucceeded;
  CHECK_FALSE(SettleAtCaughtUp(command, kCaughtUp));
}

TEST_CASE("that an outcome is near is heard once by those who wait for that agent's word",
          "[waiters]") {
  Waiters waiters;
  const CommandId id = CommandId::New();
  const DeviceKey device{ChainId::New(), DeviceId::New()};
  const DeviceKey stranger{device.chain, DeviceId::New()};
  auto service = waiters.Expect(id, device, TellWhen::kSaid);
  auto person = waiters.Expect(id, device, TellWhen::kCommitted);
  const auto heard = [](Waiters::Ticket& ticket) {
    int times = 0;
    CHECK_FALSE(ticket.Wait(absl::ZeroDuration(), [&] { ++times; }));
    return times;
  };

  waiters.SayProving(id, stranger);
  CHECK(heard(service) == 0);
  waiters.SayProving(CommandId::New(), device);
  CHECK(heard(service) == 0);
  waiters.SayProving(id, device);
  CHECK(heard(service) == 1);
  CHECK(heard(service) == 0);
  waiters.SayProving(id, device);
  CHECK(heard(service) == 0);
  CHECK(heard(person) == 0);
}

TEST_CASE("a token is accepted, and the one before for ten minutes of its use", "[token]") {
  DeviceTokens tokens{"first", true, "", {}};
  CHECK(tokens.Rotate("first", "second"));

  CHECK(tokens.Accepts("second", kNow));
  CHECK(tokens.Accepts("first", kNow + absl::Hours(24)));
  CHECK(tokens.MarkUsed("second", kNow));
  CHECK_FALSE(tokens.MarkUsed("second", kNow + absl::Minutes(5)));
  CHECK(tokens.Accepts("first", kNow + absl::Minutes(9)));
  CHECK_FALSE(tokens.Accepts("first", kNow + absl::Minutes(10)));
  CHECK_FALSE(tokens.Accepts("third", kNow));
  CHECK_FALSE(tokens.Accepts("", kNow));
}

TEST_CASE("a token that was replaced for sure gets no new one", "[token]") {
  DeviceTokens tokens{"first", true, "", {}};
  CHECK(tokens.Rotate("first", "second"));
  CHECK(tokens.MarkUsed("second", kNow));

  CHECK_FALSE(tokens.Rotate("first", "third"));
  CHECK(tokens.current == "second");
}

TEST_CASE("a new token that was lost on its way leaves the device its old one", "[token]") {
  DeviceTokens tokens{"first", true, "", {}};
  CHECK(tokens.Rotate("first", "lost"));
  CHECK(tokens.Rotate("first", "second"));

  CHECK(tokens.Accepts("first", kNow));
  CHECK(tokens.Accepts("second", kNow));
  CHECK_FALSE(tokens.Accepts("lost", kNow));
}

TEST_CASE("MAC addresses have one form", "[device]") {
  CHECK(NormalMac("B8:27:EB:00:00:FF") == "b8:27:eb:00:00:ff");
  for (const char* bad : {"", "b8-27-eb-00-00-ff", "b8:27:eb:00:00", "b8:27:eb:00:00:fg",
                          "b8:27:eb:00:00:ff:00", "b8:27:eb:00:000ff"}) {
    CAPTURE(bad);
    CHECK(NormalMac(bad).empty());
  }
}

TEST_CASE("a new device is named after its MAC address unless it has a name", "[device]") {
  NewDevice device;
  device.mac_address = "02:00:00:00:00:0A";
  REQUIRE_OK(device.Check());
  CHECK(device.name == "02:00:00:00:00:0a");
  device.mac_address = "nonsense";
  CHECK_REFUSED(device.Check(), "INVALID_FIELD");
}

TEST_CASE("a board's fields have limits", "[controller]") {
  Controller board;
  board.port = "/dev/ttyUSB0";
  CHECK(board.Check().ok());
  board.address = 10;
  board.port = "";
  board.baudrate = 1200;
  board.pulse_ms = 5;
  CHECK(errors::Fields(board.Check()).size() == 4);
}

TEST_CASE("a stream is silent after 15 seconds, not before", "[presence]") {
  const absl::Duration heard = absl::Hours(1);
  CHECK_FALSE(StreamIsSilent(heard, heard + absl::Seconds(15)));
  CHECK(StreamIsSilent(heard, heard + absl::Seconds(15) + absl::Milliseconds(1)));
}

TEST_CASE("a stored heartbeat is young for ten seconds", "[presence]") {
  Device device;
  CHECK_FALSE(StoredIsYoung(device, kNow));
  device.last_heartbeat = kNow;
  CHECK(StoredIsYoung(device, kNow + absl::Seconds(9)));
  CHECK_FALSE(StoredIsYoung(device, kNow + absl::Seconds(10)));
}

TEST_CASE("a notice arrives as it was sent, and nothing else does", "[notice]") {
  const Notice sent{Notice::Kind::kConfigure, ChainId::New(), NewUuid()};
  const auto heard = Notice::Parse(sent.Text());
  REQUIRE_OK(heard);
  CHECK(heard->kind == sent.kind);
  CHECK(heard->chain == sent.chain);
  CHECK(heard->id == sent.id);
  for (const char* bad : {"", "order", "order a b", "open all boards"}) {
    CHECK_FALSE(Notice::Parse(bad).ok());
  }
}

}  // namespace
}  // namespace cartwise::device
