#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/cu16/parser.hpp"

/// Any bytes from the line: the parser stays within its bounds, loses no byte
/// from its accounts, and answers only to what was asked.
///
/// The first byte of the input picks the request, the rest is what arrives.
namespace {

using namespace cartwise::edge::cu16;

Request PickRequest(uint8_t choice) {
  const auto board = Board::Of(choice % kMaxBoards).value();
  if (choice < 0x60) return Request::Status(board);
  if (choice < 0xC0) return Request::StatusAll();
  return Request::Unlock(board, Lock::Printed(choice % kLocksPerBoard + 1).value());
}

void Require(bool holds) {
  if (!holds) std::abort();
}

uint64_t BytesAccountedFor(const ParserCounters& c) {
  return (c.replies + c.strays) * kReplySize + c.echoes * kRequestSize + c.garbage_bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const Request request = PickRequest(data[0]);
  Parser parser;
  parser.Start(request);

  for (const uint8_t byte : std::span(data + 1, size - 1)) {
    const auto reply = parser.Push(byte);
    if (!reply) continue;
    Require(reply->kind == request.answer());
    Require(!request.board() || reply->board == *request.board());
  }

  // What is still held is less than a frame, and counted at the next start.
  Require(size - 1 - BytesAccountedFor(parser.counters()) < kReplySize);
  parser.Start(request);
  Require(BytesAccountedFor(parser.counters()) == size - 1);
  return 0;
}
