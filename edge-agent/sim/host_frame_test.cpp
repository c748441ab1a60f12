#include "sim/host_frame.hpp"

#include <catch2/catch.hpp>

#include "core/cu16/test_bytes.hpp"

namespace cartwise::sim {
namespace {

using edge::cu16::Hex;

std::vector<std::string> Heard(HostFrameReader& reader, const std::string& bytes, Micros at = 0) {
  std::vector<std::string> frames;
  for (const uint8_t byte : Hex(bytes)) {
    if (const auto frame = reader.Push({byte, at, at})) frames.push_back(frame->Hex());
  }
  return frames;
}

TEST_CASE("the board hears every frame of the vendor's document", "[sim]") {
  const auto [bytes, hex] = GENERATE(table<std::string, std::string>({
      {"02 00 30 03 35", "0200300335"},
      {"02 02 31 03 38", "0202310338"},
      {"02 F0 32 03 27", "02f0320327"},
      {"02 00 32 03 37", "0200320337"},
      {"02 00 33 03 38", "0200330338"},
      {"02 00 37 03 3C", "020037033c"},
      {"02 00 37 00 64 03 A0", "020037006403a0"},
      {"02 F0 37 03 2C", "02f037032c"},
      {"02 F0 37 00 64 03 90", "02f03700640390"},
      {"02 00 39 01 03 3F", "02003901033f"},
      {"02 F0 39 01 03 2F", "02f03901032f"},
      {"02 00 40 01 03 46", "020040010346"},
      {"02 F0 40 00 03 35", "02f040000335"},
      {"F5 B6 00 00 5F 0A", "f5b600005f0a"},
      {"F5 B6 64 00 5F 6E", "f5b664005f6e"},
      {"02 9F 31 03 D5", "029f3103d5"},
  }));
  HostFrameReader reader;

  CHECK(Heard(reader, bytes) == std::vector<std::string>{hex});
  CHECK(reader.bad_frames() == 0);
}

TEST_CASE("damaged frames are not obeyed and the next one is heard", "[sim]") {
  const std::string bad = GENERATE(values<std::string>({
      "02 10 30 03 3E",        // the field's typo
      "02 02 31 03 39",        // unlock with a wrong sum
      "02 02 31 04 39",        // without ETX
      "02 00 38 03 3D",        // the reset that is none
      "02 00 37 00 64 03 A1",  // setting with a wrong sum
      "F5 B6 00 00 5F 0B",
      "FF 00 31",
  }));
  CAPTURE(bad);
  HostFrameReader reader;

  CHECK(Heard(reader, bad + " 02 00 30 03 35") == std::vector<std::string>{"0200300335"});
  CHECK(reader.bad_frames() + reader.garbage_bytes() > 0);
}

TEST_CASE("a pause ends a frame", "[sim]") {
  HostFrameReader reader;
  CHECK(Heard(reader, "02 02 31", 0).empty());

  CHECK(Heard(reader, "03 38", 20'001).empty());
  CHECK(Heard(reader, "02 00 30 03 35", 20'001).size() == 1);
  CHECK(reader.bad_frames() == 1);
}

TEST_CASE("a frame knows when it began and when it was over", "[sim]") {
  HostFrameReader reader;
  Micros at = 100;
  std::optional<HostFrame> frame;
  for (const uint8_t byte : Hex("02 02 31 03 38")) {
    frame = reader.Push({byte, at, at + 500});
    at += 10;
  }

  REQUIRE(frame);
  CHECK(frame->first_byte_at == 100);
  CHECK(frame->done_at == 640);
}

TEST_CASE("answers are the bytes of the vendor's examples", "[sim]") {
  CHECK(Answer(0, 0x35, 0x0001, 0x01, 0x00) == Hex("02 00 35 01 00 01 00 03 3C"));
  CHECK(Answer(1, 0x36, 0x0001, 0x00, 0x08) == Hex("02 10 36 01 00 00 08 03 54"));
  CHECK(Answer(0, 0x38, 0x000F, 0x00, 0x37) == Hex("02 00 38 0F 00 00 37 03 83"));
  CHECK(Answer(3, 0x39, 0x0001, 0x00, 0x01) == Hex("02 30 39 01 00 00 01 03 70"));
  CHECK(Answer(2, 0x40, 0x0000, 0x00, 0x00) == Hex("02 20 40 00 00 00 00 03 65"));
  CHECK(VersionAnswer(0) == Hex("F5 B6 00 02 5F 0E 01 01"));
}

}  // namespace
}  // namespace cartwise::sim
