#include "core/cu16/parser.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/cu16/test_bytes.hpp"

namespace cartwise::edge::cu16 {
namespace {

const Board kBoard0 = Board::Of(0).value();
const Board kBoard1 = Board::Of(1).value();
const std::string kReply0 = "02 00 35 01 00 01 00 03 3C";

std::vector<Reply> Feed(Parser& parser, const std::string& bytes) {
  std::vector<Reply> replies;
  for (const uint8_t byte : Hex(bytes)) {
    if (auto reply = parser.Push(byte)) replies.push_back(*reply);
  }
  return replies;
}

Parser Asking(const Request& request) {
  Parser parser;
  parser.Start(request);
  return parser;
}

TEST_CASE("a clean answer is taken at its last byte", "[cu16]") {
  Parser parser = Asking(Request::Status(kBoard0));

  CHECK(Feed(parser, "02 00 35 01 00 01 00 03").empty());
  CHECK(Feed(parser, "3C") == std::vector<Reply>{{ReplyKind::kBoard, kBoard0, 1, 1}});
  CHECK(parser.counters().garbage_bytes == 0);
  CHECK(parser.counters().replies == 1);
}

TEST_CASE("every board's answer to a broadcast is taken, also when glued", "[cu16]") {
  Parser parser = Asking(Request::StatusAll());

  const auto replies = Feed(parser, "02 00 36 00 03 01 00 03 3F 02 10 36 01 00 00 08 03 54");

  REQUIRE(replies.size() == 2);
  CHECK(replies[0].board == kBoard0);
  CHECK(replies[1].board == kBoard1);
}

TEST_CASE("the answer behind disturbed bytes is still found", "[cu16]") {
  const auto [before, garbage] = GENERATE(table<std::string, unsigned>({
      {"00", 1},
      {"02", 1},        // looks like STX
      {"02 00 35", 3},  // an answer cut short
      {"02 00 35 01 00 01 00 03", 8},
      {"FB FF FB FF", 4},
      {"02 02 02 02 02 02 02 03 03", 9},
  }));
  CAPTURE(before);
  Parser parser = Asking(Request::Status(kBoard0));

  const auto replies = Feed(parser, before + " " + kReply0);

  REQUIRE(replies.size() == 1);
  CHECK(replies[0].hooks == 1);
  CHECK(parser.counters().garbage_bytes == garbage);
}

TEST_CASE("data bytes that look like STX and ETX do no harm", "[cu16]") {
  Parser parser = Asking(Request::Status(kBoard0));

  const auto replies = Feed(parser, "02 00 35 02 03 02 03 03 44");

  REQUIRE(replies.size() == 1);
  CHECK(replies[0].hooks == 0x0302);
}

TEST_CASE("our own request coming back is dropped and counted", "[cu16]") {
  Parser parser = Asking(Request::Status(kBoard0));

  CHECK(Feed(parser, "02 00 30 03 35 " + kReply0).size() == 1);
  CHECK(parser.counters().echoes == 1);
  CHECK(parser.counters().garbage_bytes == 0);
}

TEST_CASE("an echo behind garbage is recognised too", "[cu16]") {
  Parser parser = Asking(Request::Status(kBoard0));

  CHECK(Feed(parser, "FF 02 00 30 03 35 " + kReply0).size() == 1);
  CHECK(parser.counters().echoes == 1);
  CHECK(parser.counters().garbage_bytes == 1);
}

TEST_CASE("sound frames that do not answer the request are strays", "[cu16]") {
  const auto [request, frame] = GENERATE(table<Request, std::string>({
      {Request::Status(kBoard0), "02 10 35 01 00 01 00 03 4C"},  // another board
      {Request::Status(kBoard0), "02 00 36 00 03 01 00 03 3F"},  // another code
      {Request::Status(kBoard0), "02 00 38 0F 00 00 37 03 83"},  // a code we do not know
      {Request::StatusAll(), "02 00 35 01 00 01 00 03 3C"},
      {Request::StatusAll(), "02 F0 36 00 00 00 00 03 2B"},  // no such board
      {Request::Unlock(kBoard0, Lock::Printed(3).value()), "02 00 35 01 00 01 00 03 3C"},
  }));
  CAPTURE(frame);
  Parser parser = Asking(request);

  CHECK(Feed(parser, frame).empty());
  CHECK(parser.counters().strays == 1);
  CHECK(parser.counters().garbage_bytes == 0);
}

TEST_CASE("a frame with a wrong sum is counted and the next one taken", "[cu16]") {
  const std::string bad = GENERATE(values<std::string>({
      "02 00 38 0F 00 00 64 03 4C",
      "02 10 38 00 00 00 64 03 4D",
      "02 00 35 01 00 01 00 03 3D",
  }));
  CAPTURE(bad);
  Parser parser = Asking(Request::Status(kBoard0));

  CHECK(Feed(parser, bad + " " + kReply0).size() == 1);
  CHECK(parser.counters().bad_sums == 1);
  CHECK(parser.counters().garbage_bytes == 9);
}

TEST_CASE("a request with a mistyped sum is not taken for an echo", "[cu16]") {
  Parser parser = Asking(Request::Status(kBoard1));

  CHECK(Feed(parser, "02 10 30 03 3E 02 10 35 01 00 01 00 03 4C").size() == 1);
  CHECK(parser.counters().echoes == 0);
  CHECK(parser.counters().garbage_bytes == 5);
}

TEST_CASE("the head of a late answer cannot be completed by a new one", "[cu16]") {
  Parser parser = Asking(Request::Status(kBoard0));
  Feed(parser, "02 00 35 FF FF 00 00 03");

  parser.Start(Request::Status(kBoard0));

  CHECK(Feed(parser, "38").empty());
  CHECK(Feed(parser, kReply0).size() == 1);
}

TEST_CASE("nothing is accepted before a request", "[cu16]") {
  Parser parser;

  CHECK(Feed(parser, kReply0).empty());
  CHECK(parser.counters().strays == 1);
}

}  // namespace
}  // namespace cartwise::edge::cu16
