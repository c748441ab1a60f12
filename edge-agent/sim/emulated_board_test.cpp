#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/cu16/test_bytes.hpp"
#include "core/folder_fake.hpp"
#include "sim/board_program_fake.hpp"

/// The whole program, from outside: a real pseudo-terminal and a real socket.

namespace cartwise::sim {
namespace {

using edge::cu16::Bytes;
using edge::cu16::Hex;
using nlohmann::json;
using std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(10);

/// False when nothing came within the patience.
bool Readable(int fd) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&waiting, 1, std::chrono::milliseconds(kPatience).count()) == 1;
}

/// Its answers, parsed.
class Client : public ControlClient {
 public:
  using ControlClient::ControlClient;
  json Read() { return json::parse(ControlClient::Read()); }
  json Tell(const std::string& line) { return json::parse(ControlClient::Tell(line)); }
};

class Emulator {
 public:
  int Stop() { return program_.Stop(); }
  std::string control() const { return program_.control(); }
  std::string tty() const { return program_.tty(); }

  std::vector<json> Log(const std::string& event) const {
    std::vector<json> lines;
    for (const std::string& line : program_.Log("\"event\":\"" + event + "\"")) {
      lines.push_back(json::parse(line));
    }
    return lines;
  }

 private:
  edge::TestFolder folder_;
  BoardProgram program_{folder_.path(), "0,1"};
};

class Host {
 public:
  explicit Host(const Emulator& emulator)
      : fd_(open(emulator.tty().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)) {
    REQUIRE(fd_ >= 0);
  }
  ~Host() { close(fd_); }

  void Say(const std::string& bytes) {
    const Bytes frame = Hex(bytes);
    REQUIRE(write(fd_, frame.data(), frame.size()) == static_cast<ssize_t>(frame.size()));
  }

  Bytes Hear(size_t count) {
    Bytes heard;
    while (heard.size() < count) {
      REQUIRE(Readable(fd_));
      uint8_t buffer[64];
      const ssize_t got = read(fd_, buffer, sizeof(buffer));
      REQUIRE(got > 0);
      heard.insert(heard.end(), buffer, buffer + got);
    }
    return heard;
  }

  Bytes Ask(const std::string& bytes, size_t count = 9) {
    Say(bytes);
    return Hear(count);
  }

  bool HungUp() {
    pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
    poll(&waiting, 1, std::chrono::milliseconds(kPatience).count());
    return (waiting.revents & POLLHUP) != 0;
  }

 private:
  int fd_;
};

TEST_CASE("an unlock opens one lock, and log and status agree", "[sim]") {
  Emulator emulator;
  Host host(emulator);
  CHECK(host.Ask("02 F0 32 03 27", 18) ==
        Hex("02 00 36 FF FF FF FF 03 37 02 10 36 FF FF FF FF 03 47"));

  host.Say("02 12 31 03 48");
  CHECK(host.Ask("02 10 30 03 45") == Hex("02 10 35 FB FF FB FF 03 3E"));

  const auto pulses = emulator.Log("pulse");
  REQUIRE(pulses.size() == 1);
  CHECK(pulses[0]["board"] == 1);
  CHECK(pulses[0]["lock"] == 3);
  CHECK(pulses[0]["cause"] == "0212310348");
  CHECK(pulses[0]["opened"] == true);
  const auto wire_time =
      pulses[0]["mono_us"].get<int64_t>() - pulses[0]["first_byte_mono_us"].get<int64_t>();
  CHECK(wire_time >= 2603);
  CHECK(emulator.Log("taken").size() == 1);
}

TEST_CASE("an answer never comes before the wire could carry it", "[sim]") {
  Emulator emulator;
  Host host(emulator);
  const auto began = steady_clock::now();

  host.Ask("02 00 30 03 35");

  CHECK(steady_clock::now() - began >= std::chrono::microseconds(7290));
}

TEST_CASE("a cart pushed in over the control socket shows on the wire", "[sim]") {
  Emulator emulator;
  Host host(emulator);
  Client control(emulator.control());
  host.Say("02 02 31 03 38");
  host.Ask("02 00 30 03 35");

  CHECK(control.Tell("push 0 3") == json{{"ok", true}});

  CHECK(host.Ask("02 00 30 03 35") == Hex("02 00 35 FF FF FF FF 03 36"));
  CHECK(emulator.Log("closed").size() == 1);
}

TEST_CASE("an unplugged adapter hangs up and comes back under the same name", "[sim]") {
  Emulator emulator;
  Client control(emulator.control());
  {
    Host host(emulator);
    CHECK(control.Tell("unplug")["ok"] == true);
    CHECK(host.HungUp());
    CHECK_FALSE(std::filesystem::is_symlink(emulator.tty()));
    CHECK(control.Tell("state")["plugged"] == false);
    CHECK(control.Tell("unplug")["ok"] == false);
  }

  CHECK(control.Tell("plug")["ok"] == true);
  CHECK(control.Tell("plug")["ok"] == false);

  Host again(emulator);
  CHECK(again.Ask("02 00 30 03 35") == Hex("02 00 35 FF FF FF FF 03 36"));
}

TEST_CASE("a host that went away is replaced by the next", "[sim]") {
  Emulator emulator;
  for (int i = 0; i < 3; ++i) {
    Host host(emulator);
    CHECK(host.Ask("02 00 30 03 35").size() == 9);
  }
}

TEST_CASE("several clients are served, whole lines only", "[sim]") {
  Emulator emulator;
  Client one(emulator.control());
  Client two(emulator.control());
  one.Send("sta");

  CHECK(two.Tell("state")["ok"] == true);
  one.Send("te\nnonsense\n");

  CHECK(one.Read()["ok"] == true);
  CHECK(one.Read()["ok"] == false);
}

TEST_CASE("a second emulator on the same socket refuses to start", "[sim]") {
  Emulator emulator;
  const pid_t second = fork();
  if (second == 0) {
    if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(126);
    execl(EMULATED_BOARD, "emulated-board", "--tty", emulator.tty().c_str(), "--boards", "0",
          "--log", "/dev/null", "--control", emulator.control().c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(second, &status, 0);

  CHECK(WEXITSTATUS(status) == 1);
  Host host(emulator);
  CHECK(host.Ask("02 00 30 03 35").size() == 9);
}

TEST_CASE("SIGTERM ends it and takes its names away", "[sim]") {
  Emulator emulator;

  CHECK(emulator.Stop() == 0);

  CHECK_FALSE(std::filesystem::is_symlink(emulator.tty()));
  CHECK_FALSE(std::filesystem::exists(emulator.control()));
}

}  // namespace
}  // namespace cartwise::sim
