#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "cartwise/testing/status.hpp"
#include "linux/serial_port.hpp"

namespace cartwise::edge {
namespace {

class QuietDiary final : public Diary {
 public:
  void Write(Weight, std::string_view, Facts) override {}
};

/// A terminal whose other side the test holds.
struct Fixture {
  Fixture() {
    char name[64];
    REQUIRE(openpty(&other_side, &this_side, name, nullptr, nullptr) == 0);
    path = name;
  }
  ~Fixture() {
    close(this_side);
    if (other_side >= 0) close(other_side);
  }
  absl::StatusOr<std::unique_ptr<Port>> Open(RtsMode mode = RtsMode::kNone) {
    return SerialPortOpener(path, 19200, mode, clock, diary).Open();
  }
  absl::Duration Soon() { return clock.SinceBoot() + absl::Seconds(10); }

  SystemClock clock;
  QuietDiary diary;
  int other_side = -1;
  int this_side = -1;
  std::string path;
};

TEST_CASE("all bytes pass both ways untouched", "[serial]") {
  Fixture f;
  auto port = f.Open();
  REQUIRE_OK(port);
  // What a terminal would translate, swallow or obey.
  const std::array<uint8_t, 6> sent = {0x02, 0x0D, 0x0A, 0x03, 0x11, 0xFF};

  REQUIRE_OK((*port)->Write(sent));
  std::array<uint8_t, 64> got{};
  REQUIRE(read(f.other_side, got.data(), got.size()) == 6);
  CHECK(std::equal(sent.begin(), sent.end(), got.begin()));

  REQUIRE(write(f.other_side, sent.data(), sent.size()) == 6);
  got = {};
  const auto read_back = (*port)->Read(got, f.Soon());
  REQUIRE_OK(read_back);
  CHECK(*read_back == 6);
  CHECK(std::equal(sent.begin(), sent.end(), got.begin()));
}

TEST_CASE("nothing to read until the deadline is nothing, not an error", "[serial]") {
  Fixture f;
  auto port = f.Open();
  REQUIRE_OK(port);
  std::array<uint8_t, 8> buffer{};

  const absl::Duration until = f.clock.SinceBoot() + absl::Milliseconds(20);
  const auto got = (*port)->Read(buffer, until);

  REQUIRE_OK(got);
  CHECK(*got == 0);
  CHECK(f.clock.SinceBoot() >= until);
}

TEST_CASE("what arrived before is discarded on demand", "[serial]") {
  Fixture f;
  auto port = f.Open();
  REQUIRE_OK(port);
  REQUIRE(write(f.other_side, "old", 3) == 3);
  // It has come through the pseudo-terminal when the first byte is there.
  std::array<uint8_t, 8> buffer{};
  REQUIRE(
      (*port)->Read(std::span(buffer).first(1), f.clock.SinceBoot() + absl::Seconds(5)).value() ==
      1);

  (*port)->DiscardInput();

  const auto got = (*port)->Read(buffer, f.clock.SinceBoot());
  REQUIRE_OK(got);
  CHECK(*got == 0);
}

TEST_CASE("an unplugged adapter is an error for reads and writes", "[serial]") {
  Fixture f;
  auto port = f.Open();
  REQUIRE_OK(port);
  close(std::exchange(f.other_side, -1));
  std::array<uint8_t, 8> buffer{};

  CHECK_FALSE((*port)->Read(buffer, f.Soon()).ok());
  // No byte of it has left.
  CHECK(absl::IsFailedPrecondition((*port)->Write(buffer)));
}

TEST_CASE("a port belongs to one process at a time", "[serial]") {
  Fixture f;
  auto first = f.Open();
  REQUIRE_OK(first);

  CHECK(absl::IsFailedPrecondition(f.Open().status()));

  first->reset();
  REQUIRE_OK(f.Open());
}

TEST_CASE("a driver that cannot turn the line around is no obstacle", "[serial]") {
  Fixture f;
  REQUIRE_OK(f.Open(RtsMode::kKernel));
}

TEST_CASE("a port that is not there, or is no port, says so", "[serial]") {
  SystemClock clock;
  QuietDiary diary;
  CHECK_FALSE(
      SerialPortOpener("/tmp/no-such-port", 19200, RtsMode::kNone, clock, diary).Open().ok());
  CHECK_FALSE(SerialPortOpener("/dev/null", 19200, RtsMode::kNone, clock, diary).Open().ok());
}

}  // namespace
}  // namespace cartwise::edge
