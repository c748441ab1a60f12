#include "agent.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "cartwise/testing/status.hpp"
#include "cloud_fake.hpp"
#include "core/folder_fake.hpp"
#include "linux/atomic_file.hpp"
#include "sim/board_program_fake.hpp"

/// The whole agent against a cloud over TLS and the emulated board on a real
/// pseudo-terminal.

namespace cartwise::edge {
namespace {

class QuietDiary final : public Diary {
 public:
  void Write(Weight, std::string_view what, Facts) override {
    std::lock_guard lock(mutex_);
    lines_.emplace_back(what);
  }
  bool Says(std::string_view part) {
    std::lock_guard lock(mutex_);
    for (const std::string& line : lines_) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

struct Fixture {
  Fixture() {
    device::v1::Configuration configuration;
    auto& entry = *configuration.add_boards();
    entry.set_controller_id("controller");
    entry.set_address(0);
    entry.set_port(board.tty());
    entry.set_baudrate(19200);
    entry.set_has_ir(true);
    cloud.Configure(configuration);
  }

  Config MakeConfig() {
    Config config{.gateway = cloud.address(),
                  .ca = cloud.ca(),
                  .ca_pem = *ReadWholeFile(cloud.ca()),
                  .enrollment_key = "cwek_good",
                  .device_name = "pi",
                  .mac_address = "02:00:00:00:00:01",
                  .serial_number = "1",
                  .state_dir = folder / "state",
                  .buses = {{.settings = {.port = board.tty()}}}};
    REQUIRE_OK(MakePrivateFolder(config.state_dir));
    return config;
  }
  void StartAgent() {
    agent.reset();
    agent = std::make_unique<Agent>(MakeConfig(), diary, failpoints);
    REQUIRE_OK(agent->Start());
  }
  void StartAndServe() {
    const int before = cloud.caught_ups;
    StartAgent();
    REQUIRE(cloud.Await([&] { return cloud.caught_ups > before; }));
  }
  device::v1::CommandResult Unlock(int lock) {
    const std::string id = cloud.Unlock("controller", lock);
    REQUIRE(cloud.Await([&] { return cloud.results.contains(id); }));
    return cloud.results[id];
  }

  TestFolder folder;
  sim::BoardProgram board{folder.path(), "0"};
  FakeCloud cloud;
  QuietDiary diary;
  NoFailpoints failpoints;
  std::unique_ptr<Agent> agent;
};

TEST_CASE("from nothing to a proven unlock and back", "[agent]") {
  Fixture f;
  f.StartAndServe();
  CHECK(f.cloud.enrollments == 1);
  REQUIRE(f.cloud.Await([&] { return f.cloud.Count("lock.snapshot") == 1; }));
  CHECK(f.cloud.hellos.back().agent_epoch().size() == 32);
  CHECK(f.cloud.hellos.back().last_seq() == 0);

  const auto result = f.Unlock(5);

  CHECK(result.outcome() == device::v1::CommandResult::SUCCEEDED);
  CHECK(result.seen().fields().at("pulses").number_value() == 1);
  CHECK(f.board.Log("\"event\":\"pulse\"").size() == 1);
  REQUIRE(f.cloud.Await([&] { return f.cloud.Count("lock.opened") == 1; }));

  REQUIRE_THAT(f.board.Tell("push 0 5"), Catch::Contains("\"ok\":true"));
  REQUIRE(f.cloud.Await([&] { return f.cloud.Count("lock.closed") == 1; }));
  const auto& fields = f.cloud.events.back().payload().fields();
  CHECK(fields.at("item_present").bool_value());
  CHECK(fields.at("lock").number_value() == 5);
}

TEST_CASE("the cloud hears after each pulse that the end of its order is near", "[agent]") {
  Fixture f;
  f.StartAndServe();
  REQUIRE_THAT(f.board.Tell("fault jam 0 5"), Catch::Contains("\"ok\":true"));

  const std::string id = f.cloud.Unlock("controller", 5);

  REQUIRE(f.cloud.Await([&] { return f.cloud.results.contains(id); }));
  CHECK(f.cloud.results[id].outcome() == device::v1::CommandResult::FAILED);
  CHECK(f.cloud.provings == std::vector<std::string>{id, id});
}

TEST_CASE("orders are believed by new keys that a trusted one vouches for", "[agent]") {
  Fixture f;
  f.StartAndServe();

  f.cloud.ChangeKey(/*vouched=*/true);

  CHECK(f.Unlock(5).outcome() == device::v1::CommandResult::SUCCEEDED);
  SECTION("also after a restart") {
    f.StartAndServe();
    CHECK(f.Unlock(6).outcome() == device::v1::CommandResult::SUCCEEDED);
  }
}

TEST_CASE("keys that nobody trusted vouches for change nothing", "[agent]") {
  Fixture f;
  f.StartAndServe();

  f.cloud.ChangeKey(/*vouched=*/false);

  CHECK(f.Unlock(5).reason() == "BAD_SIGNATURE");
  CHECK(f.diary.Says("no key that this agent trusts vouches for them"));
  CHECK(f.board.Log("\"event\":\"pulse\"").empty());
}

TEST_CASE("the identity is kept: a restart does not enroll again", "[agent]") {
  Fixture f;
  f.StartAndServe();
  f.StartAndServe();

  CHECK(f.cloud.enrollments == 1);
  REQUIRE(f.cloud.hellos.size() == 2);
  CHECK(f.cloud.hellos[0].agent_epoch() != f.cloud.hellos[1].agent_epoch());
  CHECK(f.Unlock(1).outcome() == device::v1::CommandResult::SUCCEEDED);
}

TEST_CASE("while the cloud is away changes are kept, and arrive once and in order", "[agent]") {
  Fixture f;
  f.StartAndServe();
  f.Unlock(5);
  f.Unlock(6);
  REQUIRE(f.cloud.Await([&] { return f.cloud.Count("lock.opened") == 2; }));
  f.cloud.Stop();

  f.board.Tell("push 0 6");
  SECTION("the agent stays up") {}
  SECTION("the agent is restarted without a cloud") {
    f.StartAgent();
  }
  f.board.Tell("push 0 5");
  f.cloud.Start();

  REQUIRE(f.cloud.Await([&] { return f.cloud.Count("lock.closed") == 2; }));
  REQUIRE(f.cloud.Await([&] { return f.cloud.caught_ups >= 2; }));
  CHECK(f.cloud.Count("lock.closed") == 2);
  CHECK(f.cloud.Count("lock.opened") == 2);
  int64_t last = 0;
  for (const auto& event : f.cloud.events) {
    CHECK(event.journal_seq() > last);
    last = event.journal_seq();
  }
}

TEST_CASE("what was said and not committed is said again on the next stream", "[agent]") {
  Fixture f;
  f.StartAndServe();
  f.cloud.Commit(false);
  const std::string id = f.cloud.Unlock("controller", 3);
  REQUIRE(f.cloud.Await([&] { return f.board.Log("\"event\":\"pulse\"").size() == 1; }));
  f.cloud.Stop();
  f.cloud.Commit(true);

  f.cloud.Start();

  REQUIRE(f.cloud.Await([&] { return f.cloud.results.contains(id); }));
  CHECK(f.cloud.results[id].outcome() == device::v1::CommandResult::SUCCEEDED);
  CHECK(f.board.Log("\"event\":\"pulse\"").size() == 1);
}

TEST_CASE("a refused token is said clearly, and no enrollment follows", "[agent]") {
  Fixture f;
  f.StartAndServe();
  f.agent.reset();
  f.cloud.RefuseTokens(true);

  f.StartAgent();

  REQUIRE(f.cloud.Await([&] { return f.cloud.refusals > 0 && f.diary.Says("an installer"); }));
  CHECK(f.cloud.enrollments == 1);
}

TEST_CASE("a damaged identity stops the start instead of claiming the device twice", "[agent]") {
  Fixture f;
  REQUIRE_OK(MakePrivateFolder(f.folder / "state"));
  REQUIRE_OK(WriteFileAtomically(f.folder / "state/identity.json", "{"));

  Agent agent(f.MakeConfig(), f.diary, f.failpoints);

  CHECK_FALSE(agent.Start().ok());
  CHECK(f.cloud.enrollments == 0);
}

TEST_CASE("a damaged file is replaced, and the gap is told", "[agent]") {
  Fixture f;
  const std::string file = GENERATE(as<std::string>(), "orders.db", "uploads.db");
  const std::string path = f.folder / ("state/" + file);
  REQUIRE_OK(MakePrivateFolder(f.folder / "state"));
  REQUIRE_OK(WriteFileAtomically(path, std::string(5000, 'x')));

  f.StartAgent();

  REQUIRE(f.cloud.Await([&] { return f.cloud.Count("agent.journal_gap") == 1; }));
  CHECK(f.cloud.Await(
      [&] { return f.cloud.events.front().payload().fields().at("file").string_value() == file; }));
  CHECK(f.diary.Says("damaged"));
  CHECK(std::filesystem::exists(path + ".damaged"));
}

TEST_CASE("what could not be kept is not asked of the cloud", "[agent]") {
  Fixture f;
  REQUIRE_OK(MakePrivateFolder(f.folder / "state"));

  SECTION("no identity") {
    REQUIRE_OK(MakePrivateFolder(f.folder / "state/probe.new"));
    f.StartAgent();
    REQUIRE(f.cloud.Await([&] { return f.diary.Says("takes no identity"); }));
    CHECK(f.cloud.enrollments == 0);

    std::filesystem::remove(f.folder / "state/probe.new");
    CHECK(f.cloud.Await([&] { return f.cloud.caught_ups == 1; }));
    CHECK(f.cloud.enrollments == 1);
  }
  SECTION("no new token") {
    const StateFiles files(f.folder / "state");
    // {"iat":1000,"exp":3000}
    REQUIRE_OK(files.SaveIdentity(
        {.device = DeviceId("device"), .device_token = "x.eyJpYXQiOjEwMDAsImV4cCI6MzAwMH0.y"}));
    SECTION("with a full disk") {
      REQUIRE_OK(MakePrivateFolder(f.folder / "state/identity.json.new"));
      f.StartAgent();
      REQUIRE(f.cloud.Await([&] { return f.diary.Says("identity cannot be saved"); }));
      CHECK(f.cloud.rotations == 0);
    }
    SECTION("else it is kept") {
      f.StartAgent();
      REQUIRE(f.cloud.Await([&] { return f.cloud.caught_ups == 1; }));
      CHECK(f.cloud.rotations == 1);
      CHECK((*files.LoadIdentity())->device_token == "token-2");
    }
  }
}

TEST_CASE("health reaches the cloud on the upload lane", "[agent]") {
  Fixture f;
  f.StartAndServe();

  REQUIRE(f.cloud.Await([&] { return !f.cloud.telemetry.empty(); }));

  const auto& event = f.cloud.telemetry.front();
  CHECK(event.event_type() == "agent.health");
  CHECK(event.event_data().fields().contains("memory_total_kb"));
  CHECK(event.event_data().fields().contains("buses"));
}

TEST_CASE("the upload lane is open only while there is something to say", "[agent]") {
  Fixture f;
  f.StartAndServe();

  REQUIRE(f.cloud.Await([&] { return f.cloud.uploads_ended == 1; }));

  CHECK(f.cloud.telemetry.size() == 1);
  CHECK(f.Unlock(5).outcome() == device::v1::CommandResult::SUCCEEDED);
}

TEST_CASE("an adapter that is unplugged is survived and explained", "[agent]") {
  Fixture f;
  f.StartAndServe();
  f.board.Tell("unplug");
  REQUIRE(f.cloud.Await([&] { return f.cloud.Count("lock.board_lost") == 1; }));

  f.board.Tell("plug");

  REQUIRE(f.cloud.Await([&] { return f.cloud.Count("lock.board_found") == 2; }));
  CHECK(f.Unlock(2).outcome() == device::v1::CommandResult::SUCCEEDED);
}

TEST_CASE("noise on the line never opens a lock nor tells a wrong state", "[agent]") {
  Fixture f;
  f.StartAndServe();
  f.board.Tell("fault noise 0.002");
  REQUIRE(f.cloud.Await([&] { return f.board.Log("fault").size() == 1; }));

  const auto bad_frames = [&] {
    const std::string name = "\"bad_frames\":", state = f.board.Tell("state");
    return std::stoi(state.substr(state.find(name) + name.size()));
  };
  REQUIRE(f.cloud.Await([&] { return bad_frames() >= 5; }));
  f.board.Tell("clear");

  CHECK(f.Unlock(2).outcome() == device::v1::CommandResult::SUCCEEDED);
  REQUIRE(f.cloud.Await([&] { return f.cloud.Count("lock.opened") >= 1; }));
  CHECK(f.cloud.Count("lock.opened") == 1);
  CHECK(f.board.Log("\"event\":\"pulse\"").size() == 1);
}

}  // namespace
}  // namespace cartwise::edge
