#pragma once

#include <functional>
#include <string>

#include <absl/status/status.h>
#include <nlohmann/json.hpp>

#include "sim/boards.hpp"
#include "sim/bus.hpp"
#include "sim/event.hpp"
#include "sim/wire.hpp"
#include "sim/words.hpp"

namespace cartwise::sim {

/// What a person or a test may tell the emulator. README.md lists the words.
class Commands {
 public:
  /// `rewire` is called after the wire was plugged and before it is unplugged.
  Commands(Boards& boards, Bus& bus, Wire& wire, EventSink sink, std::function<void()> rewire);

  /// Obeys one line (without its newline) and answers with one line of JSON,
  /// always with "ok", and with "error" when that is false.
  std::string Execute(const std::string& line, Micros now);

 private:
  absl::Status Obey(const Words& words, Micros now);
  absl::Status AtLock(const Words& words, Micros now);
  absl::Status AutoTake(const Words& words);
  absl::Status Fault(const Words& words, Micros now);
  absl::Status Plug(Micros now);
  absl::Status Unplug(Micros now);
  void Clear(Micros now);
  nlohmann::ordered_json State() const;
  nlohmann::ordered_json BoardState(int board) const;
  nlohmann::ordered_json FaultState() const;

  Boards& boards_;
  Bus& bus_;
  Wire& wire_;
  const EventSink sink_;
  const std::function<void()> rewire_;
};

}  // namespace cartwise::sim
