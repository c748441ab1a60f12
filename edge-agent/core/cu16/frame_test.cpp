#include "core/cu16/frame.hpp"

#include <catch2/catch.hpp>

#include "core/cu16/test_bytes.hpp"

namespace cartwise::edge::cu16 {
namespace {

Board B(int index) {
  return Board::Of(index).value();
}
Lock L(int number) {
  return Lock::Printed(number).value();
}

Bytes Sent(const Request& request) {
  return {request.bytes().begin(), request.bytes().end()};
}

std::optional<Reply> Decoded(const Bytes& bytes) {
  REQUIRE(bytes.size() == kReplySize);
  return DecodeReply(std::span<const uint8_t, kReplySize>(bytes.data(), kReplySize));
}

TEST_CASE("requests are the bytes of the vendor's examples", "[cu16]") {
  const auto [request, bytes] = GENERATE(table<Request, std::string>({
      {Request::Status(B(0)), "02 00 30 03 35"},
      {Request::Status(B(1)), "02 10 30 03 45"},
      {Request::StatusAll(), "02 F0 32 03 27"},
      {Request::Unlock(B(0), L(3)), "02 02 31 03 38"},
      {Request::Unlock(B(0), L(1)), "02 00 31 03 36"},
      {Request::Unlock(B(0), L(16)), "02 0F 31 03 45"},
      {Request::Unlock(B(1), L(1)), "02 10 31 03 46"},
      {Request::Unlock(B(9), L(16)), "02 9F 31 03 D5"},
  }));
  CAPTURE(bytes);
  CHECK(Sent(request) == Hex(bytes));
}

TEST_CASE("a request knows its answer and its board", "[cu16]") {
  CHECK(Request::Status(B(4)).answer() == ReplyKind::kBoard);
  CHECK(Request::Status(B(4)).board() == B(4));
  CHECK(Request::StatusAll().answer() == ReplyKind::kAll);
  CHECK(Request::StatusAll().board() == std::nullopt);
  CHECK(Request::Unlock(B(4), L(2)).answer() == std::nullopt);
  CHECK(Request::Unlock(B(4), L(2)).board() == B(4));
}

TEST_CASE("only boards 0 to 9 and locks 1 to 16 exist", "[cu16]") {
  CHECK_FALSE(Board::Of(-1));
  CHECK_FALSE(Board::Of(10));
  CHECK_FALSE(Board::Of(15));
  CHECK_FALSE(Board::Of(256));
  CHECK_FALSE(Lock::Printed(0));
  CHECK_FALSE(Lock::Printed(17));
  CHECK_FALSE(Lock::Printed(-15));
}

TEST_CASE("replies are read as the vendor's examples say", "[cu16]") {
  struct Vector {
    std::string bytes;
    ReplyKind kind;
    int board;
    unsigned hooks;
    unsigned items;
  };
  const auto v = GENERATE(values<Vector>({
      {"02 00 35 01 00 01 00 03 3C", ReplyKind::kBoard, 0, 0x0001, 0x0001},
      {"02 00 36 00 03 01 00 03 3F", ReplyKind::kAll, 0, 0x0300, 0x0001},
      {"02 10 36 01 00 00 08 03 54", ReplyKind::kAll, 1, 0x0001, 0x0800},
      {"02 00 35 0F 00 01 00 03 4A", ReplyKind::kBoard, 0, 0x000F, 0x0001},
      {"02 00 36 00 00 00 00 03 3B", ReplyKind::kAll, 0, 0, 0},
      {"02 10 36 00 00 00 00 03 4B", ReplyKind::kAll, 1, 0, 0},
      {"02 00 35 FF FF 00 00 03 38", ReplyKind::kBoard, 0, 0xFFFF, 0},
      {"02 90 35 00 80 00 00 03 4A", ReplyKind::kBoard, 9, 0x8000, 0},
      {"02 00 35 02 03 02 03 03 44", ReplyKind::kBoard, 0, 0x0302, 0x0302},
  }));
  CAPTURE(v.bytes);

  const auto reply = Decoded(Hex(v.bytes));

  REQUIRE(reply);
  CHECK(reply->kind == v.kind);
  CHECK(reply->board == B(v.board));
  CHECK(reply->hooks == v.hooks);
  CHECK(reply->items == v.items);
}

TEST_CASE("masks are asked by printed lock", "[cu16]") {
  const auto reply = Decoded(Hex("02 10 36 01 00 00 08 03 54"));

  CHECK(reply->hook(L(1)));
  CHECK_FALSE(reply->hook(L(2)));
  CHECK(reply->item(L(12)));
  CHECK_FALSE(reply->item(L(1)));
}

TEST_CASE("answers to commands the agent never sends are sound but not accepted", "[cu16]") {
  const std::string bytes = GENERATE(values<std::string>({
      "02 00 38 0F 00 00 37 03 83",
      "02 00 38 00 00 00 64 03 A1",
      "02 10 38 00 00 00 37 03 84",
      "02 00 38 0F 00 00 64 03 B0",
      "02 10 38 00 00 00 64 03 B1",
      "02 00 39 01 00 00 01 03 40",
      "02 10 39 01 00 00 01 03 50",
      "02 30 39 01 00 00 01 03 70",
      "02 00 40 01 00 00 01 03 47",
      "02 20 40 00 00 00 00 03 65",
      "02 A0 35 00 00 00 00 03 DA",
      "02 F0 36 00 00 00 00 03 2B",
  }));
  CAPTURE(bytes);
  const Bytes frame = Hex(bytes);

  CHECK(IsWellFormed(std::span<const uint8_t, kReplySize>(frame.data(), kReplySize)));
  CHECK_FALSE(Decoded(frame));
}

TEST_CASE("misprints and damaged frames are refused", "[cu16]") {
  const std::string bytes = GENERATE(values<std::string>({
      "02 00 38 0F 00 00 64 03 4C",  // misprints of the vendor document
      "02 10 38 00 00 00 64 03 4D",
      "02 00 35 01 00 01 03 00 3C",  // ETX one early, the sum fits
      "02 00 35 01 00 01 00 04 3D",  // no ETX, the sum fits
      "03 00 35 01 00 01 00 03 3D",  // no STX, the sum fits
      "02 00 35 01 00 01 00 03 3D",
      "00 02 00 35 01 00 01 00 03",  // one garbage byte before STX
      "FB FF 35 01 00 01 00 03 34",  // what a wrong baud rate looks like
  }));
  CAPTURE(bytes);
  CHECK_FALSE(Decoded(Hex(bytes)));
}

TEST_CASE("no reply survives a single flipped bit", "[cu16]") {
  const Bytes good = Hex("02 00 35 01 00 01 00 03 3C");
  for (size_t bit = 0; bit < 8 * kReplySize; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    CAPTURE(bit);
    CHECK_FALSE(Decoded(bad));
  }
}

TEST_CASE("sums of the vendor's other examples are computed alike", "[cu16]") {
  const auto [bytes, sum] = GENERATE(table<std::string, int>({
      {"02 00 33 03", 0x38},
      {"02 00 37 03", 0x3C},
      {"02 00 37 00 64 03", 0xA0},
      {"02 F0 37 03", 0x2C},
      {"02 F0 37 00 64 03", 0x90},
      {"02 00 39 01 03", 0x3F},
      {"02 F0 39 01 03", 0x2F},
      {"02 00 40 01 03", 0x46},
      {"02 F0 40 00 03", 0x35},
      {"02 00 32 03", 0x37},
  }));
  CAPTURE(bytes);
  CHECK(Checksum(Hex(bytes)) == sum);
}

TEST_CASE("wire time counts ten bits a byte", "[cu16]") {
  using std::chrono::microseconds;
  CHECK(WireTime(kRequestSize, 19200) / microseconds(1) == 2604);
  CHECK(WireTime(kReplySize, 19200) / microseconds(1) == 4687);
  CHECK(WireTime(kReplySize, 115200) / microseconds(1) == 781);
}

}  // namespace
}  // namespace cartwise::edge::cu16
