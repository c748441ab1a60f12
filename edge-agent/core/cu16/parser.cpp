#include "core/cu16/parser.hpp"

#include <algorithm>

namespace cartwise::edge::cu16 {

void Parser::Start(const Request& request) {
  counters_.garbage_bytes += size_;
  size_ = 0;
  request_ = request;
}

std::optional<Reply> Parser::Push(uint8_t byte) {
  held_[size_++] = byte;
  while (size_ > 0) {
    if (EchoAtFront()) {
      ++counters_.echoes;
      Drop(kRequestSize);
    } else if (held_[0] != kStx) {
      ++counters_.garbage_bytes;
      Drop(1);
    } else if (size_ < kReplySize) {
      return std::nullopt;
    } else if (IsWellFormed(held_)) {
      return TakeFrame();
    } else {
      if (held_[7] == kEtx) ++counters_.bad_sums;
      ++counters_.garbage_bytes;
      Drop(1);
    }
  }
  return std::nullopt;
}

// Cannot be mistaken for the head of an answer: codes of requests and replies
// differ at +2.
bool Parser::EchoAtFront() const {
  return request_ && size_ >= kRequestSize &&
         std::equal(request_->bytes().begin(), request_->bytes().end(), held_.begin());
}

std::optional<Reply> Parser::TakeFrame() {
  size_ = 0;
  const auto reply = DecodeReply(held_);
  const bool ours = reply && request_ && reply->kind == request_->answer() &&
                    (!request_->board() || reply->board == *request_->board());
  if (!ours) {
    ++counters_.strays;
    return std::nullopt;
  }
  ++counters_.replies;
  return reply;
}

void Parser::Drop(size_t bytes) {
  std::copy(held_.begin() + bytes, held_.begin() + size_, held_.begin());
  size_ -= bytes;
}

}  // namespace cartwise::edge::cu16
