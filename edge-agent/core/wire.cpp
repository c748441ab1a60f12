#include "core/wire.hpp"

#include <algorithm>
#include <utility>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::edge {

Wire::Wire(std::unique_ptr<Port> port, const Clock& clock, Doorbell& bell, absl::Duration gap,
           int baudrate)
    : port_(std::move(port)), clock_(clock), bell_(bell), gap_(gap), baudrate_(baudrate) {}

void Wire::AwaitGap() {
  while (clock_.SinceBoot() < free_at_) bell_.WaitUntil(free_at_);
}

absl::StatusOr<absl::Duration> Wire::Send(const cu16::Request& request) {
  port_->DiscardInput();
  buffered_ = consumed_ = 0;
  parser_.Start(request);
  const absl::Duration began = clock_.SinceBoot();
  CW_RETURN_IF_ERROR(port_->Write(request.bytes()));
  // The system took the bytes at once; the line needs its time for them.
  free_at_ = began + absl::FromChrono(cu16::WireTime(cu16::kRequestSize, baudrate_)) + gap_;
  return began;
}

absl::StatusOr<std::optional<cu16::Reply>> Wire::Receive(absl::Duration until) {
  while (true) {
    while (consumed_ < buffered_) {
      if (auto reply = parser_.Push(buffer_[consumed_++])) return reply;
    }
    consumed_ = 0;
    CW_ASSIGN_OR_RETURN(buffered_, port_->Read(buffer_, until));
    if (buffered_ == 0 && clock_.SinceBoot() >= until) return std::nullopt;
  }
}

absl::Status Wire::Tell(const cu16::Request& request) {
  return Send(request).status();
}

absl::StatusOr<std::optional<cu16::Reply>> Wire::Ask(const cu16::Request& request,
                                                     absl::Duration patience) {
  CW_ASSIGN_OR_RETURN(const absl::Duration began, Send(request));
  CW_ASSIGN_OR_RETURN(std::optional<cu16::Reply> reply, Receive(began + patience));
  free_at_ = clock_.SinceBoot() + gap_;
  return reply;
}

absl::Status Wire::AskAll(absl::Duration first_silence,
                          absl::FunctionRef<absl::Duration(const cu16::Reply&)> take) {
  CW_ASSIGN_OR_RETURN(const absl::Duration began, Send(cu16::Request::StatusAll()));
  absl::Duration until = began + first_silence;
  while (true) {
    CW_ASSIGN_OR_RETURN(const std::optional<cu16::Reply> reply,
                        Receive(std::min(until, began + kLongestSweep)));
    if (!reply) break;
    const absl::Duration silence = take(*reply);
    if (silence <= absl::ZeroDuration()) break;
    until = clock_.SinceBoot() + silence;
  }
  free_at_ = clock_.SinceBoot() + gap_;
  return absl::OkStatus();
}

}  // namespace cartwise::edge
