#pragma once

#include <string>

#include "api/event_pump.hpp"
#include "domain/streams.hpp"

namespace cartwise::device {

/// Takes what agents say about their boards (`lock.board_lost`,
/// `lock.board_found`, `lock.snapshot`) for the status of our controllers.
class BoardWatcher final : public EventTaker {
 public:
  BoardWatcher(Streams& streams, Lanes& lanes) : streams_(streams), lanes_(lanes) {}
  const std::string& name() const override { return name_; }
  void Take(std::shared_ptr<const events::v1::DeliverRequest> batch, Done done) override;

 private:
  const std::string name_ = "device-svc";
  Streams& streams_;
  Lanes& lanes_;
};

}  // namespace cartwise::device
