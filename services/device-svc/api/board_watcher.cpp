#include "api/board_watcher.hpp"

#include <utility>
#include <vector>

namespace cartwise::device {
namespace {

using Boards = std::vector<std::pair<ControllerId, ControllerStatus>>;
using google::protobuf::Struct;

void Add(Boards& boards, const Struct& board, bool answers) {
  const auto id = board.fields().find("controller_id");
  if (id == board.fields().end()) return;
  const auto parsed = ParseId<ControllerId>("controller_id", id->second.string_value());
  if (!parsed.ok()) return;
  boards.emplace_back(*parsed, answers ? ControllerStatus::kActive : ControllerStatus::kError);
}

void AddSnapshot(Boards& boards, const Struct& snapshot) {
  const auto all = snapshot.fields().find("boards");
  if (all == snapshot.fields().end()) return;
  for (const auto& each : all->second.list_value().values()) {
    const Struct& board = each.struct_value();
    const auto reachable = board.fields().find("reachable");
    Add(boards, board, reachable != board.fields().end() && reachable->second.bool_value());
  }
}

}  // namespace

void BoardWatcher::Take(std::shared_ptr<const events::v1::DeliverRequest> batch, Done done) {
  Boards boards;
  for (const auto& event : batch->events()) {
    if (event.type() == "lock.board_lost") Add(boards, event.payload(), false);
    if (event.type() == "lock.board_found") Add(boards, event.payload(), true);
    if (event.type() == "lock.snapshot") AddSnapshot(boards, event.payload());
  }
  if (boards.empty()) return done(absl::OkStatus());
  const auto& first = batch->events(0);
  const DeviceKey device{ChainId(first.chain_id()), DeviceId(first.device_id())};
  lanes_.Post(device.device.value(),
              [this, device, boards = std::move(boards), done = std::move(done)] {
                done(streams_.BoardsSeen(device, boards));
              });
}

}  // namespace cartwise::device
