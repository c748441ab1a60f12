#include <array>
#include <cstdio>
#include <memory>

#include "sim/agenda.hpp"
#include "sim/boards.hpp"
#include "sim/bus.hpp"
#include "sim/commands.hpp"
#include "sim/control.hpp"
#include "sim/event_log.hpp"
#include "sim/loop.hpp"
#include "sim/options.hpp"
#include "sim/shoppers.hpp"
#include "sim/wire.hpp"

using namespace cartwise::sim;

namespace {

int Die(const absl::Status& status) {
  std::fprintf(stderr, "emulated-board: %s\n%s", std::string(status.message()).c_str(),
               absl::IsInvalidArgument(status) ? kUsage : "");
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = ParseOptions({argv + 1, argv + argc});
  if (!options.ok()) return Die(options.status());

  Agenda agenda;
  Loop loop(agenda);
  EventLog log;
  Wire wire(options->tty);
  std::unique_ptr<Shoppers> shoppers;
  const EventSink sink = [&](const Event& event) {
    log.Write(event);
    if (shoppers) shoppers->Notice(event);
  };
  Boards boards(options->boards, options->open_delay, agenda, sink);
  if (options->shoppers) shoppers = std::make_unique<Shoppers>(boards, agenda, *options->shoppers);
  Pace pace{.think = options->think};
  if (!options->pace) pace.byte_us = 0;
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

  if (auto s = log.Open(options->log); !s.ok()) return Die(s);
  if (auto s = loop.Init(); !s.ok()) return Die(s);
  // The socket first: while another emulator answers there, its link is not ours.
  if (auto s = control.Listen(options->control); !s.ok()) return Die(s);
  if (auto s = wire.Plug(); !s.ok()) return Die(s);
  rewire();
  sink({.name = "plugged", .at = MonotonicNow(), .cause = "start"});
  loop.Run();
  return 0;
}
