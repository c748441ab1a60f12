#include "sim/commands.hpp"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <utility>

#include "cartwise/base/status_macros.hpp"
#include "sim/fault_words.hpp"

namespace cartwise::sim {
namespace {

using nlohmann::ordered_json;

constexpr char kAllowed[] =
    "allowed: state | push BOARD LOCK | take BOARD LOCK | force BOARD LOCK | auto_take on|off | "
    "fault NAME [VALUE] | clear | unplug | plug";

absl::Status Wrong(const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(what, "; ", kAllowed));
}

ordered_json LocksWhere(const Boards& boards, int board, bool (*holds)(const Latch&)) {
  ordered_json locks = ordered_json::array();
  for (int lock = 1; lock <= kLocks; ++lock) {
    if (holds(boards.latch(board, lock))) locks.push_back(lock);
  }
  return locks;
}

// Noise on the line of a person is no reason to end: bad UTF-8 is replaced.
std::string Dump(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

Commands::Commands(Boards& boards, Bus& bus, Wire& wire, EventSink sink,
                   std::function<void()> rewire)
    : boards_(boards), bus_(bus), wire_(wire), sink_(std::move(sink)), rewire_(std::move(rewire)) {}

std::string Commands::Execute(const std::string& line, Micros now) {
  const Words words = absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
  const absl::Status done = Obey(words, now);
  if (!done.ok()) {
    const std::string error(done.message());
    return Dump({{"ok", false}, {"error", error}});
  }
  return Dump(words[0] == "state" ? State() : ordered_json{{"ok", true}});
}

absl::Status Commands::Obey(const Words& words, Micros now) {
  if (words.empty()) return Wrong("an empty line");
  const std::string& verb = words[0];
  if (verb == "push" || verb == "take" || verb == "force") return AtLock(words, now);
  if (verb == "auto_take") return AutoTake(words);
  if (verb == "fault") return Fault(words, now);
  const bool alone = words.size() == 1;
  if (alone && verb == "state") return absl::OkStatus();
  if (alone && verb == "plug") return Plug(now);
  if (alone && verb == "unplug") return Unplug(now);
  if (alone && verb == "clear") {
    Clear(now);
    return absl::OkStatus();
  }
  return Wrong(absl::StrCat("\"", absl::StrJoin(words, " "), "\" is not understood"));
}

absl::Status Commands::AtLock(const Words& words, Micros now) {
  if (words.size() != 3) return Wrong(words[0] + " needs a board and a lock");
  int board = 0;
  int lock = 0;
  CW_RETURN_IF_ERROR(ParseNumber(words[1], 0, 9, board));
  CW_RETURN_IF_ERROR(ParseNumber(words[2], 1, kLocks, lock));
  if (words[0] == "push") return boards_.Push(board, lock, now);
  if (words[0] == "take") return boards_.Take(board, lock, now);
  return boards_.Force(board, lock, now);
}

absl::Status Commands::AutoTake(const Words& words) {
  if (words.size() != 2) return Wrong("auto_take needs on or off");
  bool on = false;
  CW_RETURN_IF_ERROR(ParseSwitch(words[1], on));
  boards_.set_auto_take(on);
  return absl::OkStatus();
}

absl::Status Commands::Fault(const Words& words, Micros now) {
  const Words fault(words.begin() + 1, words.end());
  CW_RETURN_IF_ERROR(SetFault(fault, bus_.faults(), boards_));
  sink_({.name = "fault", .at = now, .cause = absl::StrJoin(fault, " ")});
  return absl::OkStatus();
}

absl::Status Commands::Plug(Micros now) {
  CW_RETURN_IF_ERROR(wire_.Plug());
  rewire_();
  sink_({.name = "plugged", .at = now, .cause = "plug"});
  return absl::OkStatus();
}

absl::Status Commands::Unplug(Micros now) {
  if (!wire_.plugged()) return absl::FailedPreconditionError("unplugged already");
  rewire_();
  wire_.Unplug();
  sink_({.name = "unplugged", .at = now, .cause = "unplug"});
  return absl::OkStatus();
}

void Commands::Clear(Micros now) {
  bus_.faults() = LineFaults{};
  boards_.ClearFaults();
  sink_({.name = "fault", .at = now, .cause = "clear"});
}

ordered_json Commands::State() const {
  ordered_json boards = ordered_json::array();
  for (const int board : boards_.addresses()) boards.push_back(BoardState(board));
  return {{"ok", true},
          {"plugged", wire_.plugged()},
          {"tty", wire_.name()},
          {"device", wire_.plugged() ? wire_.device() : ""},
          {"auto_take", boards_.auto_take()},
          {"boards", boards},
          {"faults", FaultState()},
          {"counters",
           {{"frames", bus_.counters().frames},
            {"bad_frames", bus_.reader().bad_frames()},
            {"garbage_bytes", bus_.reader().garbage_bytes()},
            {"replies", bus_.counters().replies},
            {"collisions", bus_.counters().collisions}}}};
}

ordered_json Commands::BoardState(int board) const {
  ordered_json pulses = ordered_json::object();
  for (int lock = 1; lock <= kLocks; ++lock) {
    if (const uint64_t count = boards_.latch(board, lock).pulses; count > 0) {
      pulses[std::to_string(lock)] = count;
    }
  }
  return {{"board", board},
          {"hooks", LocksWhere(boards_, board, [](const Latch& l) { return l.locked; })},
          {"items", LocksWhere(boards_, board, [](const Latch& l) { return l.item; })},
          {"jammed", LocksWhere(boards_, board, [](const Latch& l) { return l.jammed; })},
          {"blind", LocksWhere(boards_, board, [](const Latch& l) { return l.blind; })},
          {"inverted", boards_.inverted(board)},
          {"pulses", pulses},
          {"frames", bus_.frames(board)}};
}

ordered_json Commands::FaultState() const {
  const LineFaults& line = bus_.faults();
  return {{"lost_reply", line.lost_reply},
          {"lost_reply_after_pulse", line.lost_reply_after_pulse},
          {"half_frame", line.half_frame},
          {"busy", line.busy},
          {"noise", line.noise},
          {"late_reply_ms", line.late_reply / 1000},
          {"garbage", line.garbage},
          {"echo", line.echo},
          {"bounce_ms", boards_.bounce() / 1000},
          {"silent", line.silent}};
}

}  // namespace cartwise::sim
