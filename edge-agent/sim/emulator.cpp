#include "sim/emulator.hpp"

#include <array>
#include <memory>

#include "sim/agenda.hpp"
#include "sim/boards.hpp"
#include "sim/bus.hpp"
#include "sim/commands.hpp"
#include "sim/control.hpp"
#include "sim/event_log.hpp"
#include "sim/loop.hpp"
#include "sim/shoppers.hpp"
#include "sim/wire.hpp"

namespace cartwise::sim {

absl::Status Emulate(const Options& options) {
  Agenda agenda;
  Loop loop(agenda);
  EventLog log;
  Wire wire(options.tty);
  std::unique_ptr<Shoppers> shoppers;
  const EventSink sink = [&](const Event& event) {
    log.Write(event);
    if (shoppers) shoppers->Notice(event);
  };
  Boards boards(options.boards, options.open_delay, agenda, sink);
  if (options.shoppers) shoppers = std::make_unique<Shoppers>(boards, agenda, *options.shoppers);
  Pace pace{.think = options.think};
  if (!options.pace) pace.byte_us = 0;
  Bus bus(boards, agenda, pace, sink, [&](const Bytes& answer) { wire.Write(answer); });

  const auto hear = [&] {
    std::array<uint8_t, 256> buffer;
    const size_t got = wire.Read(buffer);
    bus.Receive(std::span(buffer).first(got), MonotonicNow());
  };
  bool heard = false;
  const auto rewire = [&] {
    heard ? loop.Forget(wire.fd()) : loop.Watch(wire.fd(), hear);
    heard = !heard;
  };
  Commands commands(boards, bus, wire, sink, rewire);
  Control control(loop,
                  [&](const std::string& line) { return commands.Execute(line, MonotonicNow()); });

  if (auto s = log.Open(options.log); !s.ok()) return s;
  if (auto s = loop.Init(); !s.ok()) return s;
  // The socket first: while another emulator answers there, its link is not ours.
  if (auto s = control.Listen(options.control); !s.ok()) return s;
  if (auto s = wire.Plug(); !s.ok()) return s;
  rewire();
  sink({.name = "plugged", .at = MonotonicNow(), .cause = "start"});
  loop.Run();
  return absl::OkStatus();
}

}  // namespace cartwise::sim
