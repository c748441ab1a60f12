#include "sim/fault_words.hpp"

#include <functional>
#include <map>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::sim {
namespace {

constexpr char kAllowed[] =
    "allowed: lost_reply N | lost_reply_after_pulse N | half_frame N | busy N (-1 = until clear) | "
    "garbage BYTES | noise BIT_ERROR_RATE | late_reply MS | bounce MS | echo on|off | "
    "jam BOARD LOCK | blind BOARD LOCK | invert BOARD | silent BOARD";
constexpr int kUntilClear = -1;
constexpr int kMostCount = 1'000'000;
constexpr int kMostMs = 3'600'000;

struct FaultWord {
  size_t values;
  std::function<absl::Status(const Words&)> set;
};

FaultWord Count(int& target, int least = kUntilClear) {
  return {1, [&target, least](const Words& values) {
            int wanted = 0;
            CW_RETURN_IF_ERROR(ParseNumber(values[0], least, kMostCount, wanted));
            target = wanted;
            return absl::OkStatus();
          }};
}

FaultWord Span(std::function<void(Micros)> set) {
  return {1, [set](const Words& values) {
            int ms = 0;
            CW_RETURN_IF_ERROR(ParseNumber(values[0], 0, kMostMs, ms));
            set(Micros{ms} * 1000);
            return absl::OkStatus();
          }};
}

FaultWord OfBoard(std::function<absl::Status(int board)> set) {
  return {1, [set](const Words& values) {
            int board = 0;
            CW_RETURN_IF_ERROR(ParseNumber(values[0], 0, 9, board));
            return set(board);
          }};
}

FaultWord OfLock(std::function<absl::Status(int board, int lock)> set) {
  return {2, [set](const Words& values) {
            int board = 0;
            int lock = 0;
            CW_RETURN_IF_ERROR(ParseNumber(values[0], 0, 9, board));
            CW_RETURN_IF_ERROR(ParseNumber(values[1], 1, kLocks, lock));
            return set(board, lock);
          }};
}

absl::Status SetNoise(const std::string& word, double& noise) {
  double rate = 0;
  if (!absl::SimpleAtod(word, &rate) || !(rate >= 0 && rate <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", word, "\" is no rate from 0 to 1"));
  }
  noise = rate;
  return absl::OkStatus();
}

absl::Status Silence(int board, LineFaults& line, const Boards& boards) {
  CW_RETURN_IF_ERROR(boards.CheckBoard(board));
  line.silent.insert(board);
  return absl::OkStatus();
}

std::map<std::string, FaultWord> Vocabulary(LineFaults& line, Boards& boards) {
  return {
      {"lost_reply", Count(line.lost_reply)},
      {"lost_reply_after_pulse", Count(line.lost_reply_after_pulse)},
      {"half_frame", Count(line.half_frame)},
      {"busy", Count(line.busy)},
      {"garbage", Count(line.garbage, 0)},
      {"noise", {1, [&line](const Words& v) { return SetNoise(v[0], line.noise); }}},
      {"late_reply", Span([&line](Micros span) { line.late_reply = span; })},
      {"bounce", Span([&boards](Micros span) { boards.set_bounce(span); })},
      {"echo", {1, [&line](const Words& v) { return ParseSwitch(v[0], line.echo); }}},
      {"jam", OfLock([&boards](int board, int lock) { return boards.Jam(board, lock); })},
      {"blind", OfLock([&boards](int board, int lock) { return boards.Blind(board, lock); })},
      {"invert", OfBoard([&boards](int board) { return boards.Invert(board); })},
      {"silent", OfBoard([&](int board) { return Silence(board, line, boards); })},
  };
}

}  // namespace

absl::Status SetFault(const Words& words, LineFaults& line, Boards& boards) {
  const auto vocabulary = Vocabulary(line, boards);
  const auto word = words.empty() ? vocabulary.end() : vocabulary.find(words[0]);
  if (word == vocabulary.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no such fault: \"", words.empty() ? "" : words[0], "\"; ", kAllowed));
  }
  const Words values(words.begin() + 1, words.end());
  if (values.size() != word->second.values) {
    return absl::InvalidArgumentError(
        absl::StrCat("fault ", words[0], " needs ", word->second.values, " value(s); ", kAllowed));
  }
  return word->second.set(values);
}

}  // namespace cartwise::sim
