#include "sim/options.hpp"

#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::sim {
namespace {

absl::Status Bad(const std::string& name, const std::string& value, const std::string& wanted) {
  return absl::InvalidArgumentError(name + " \"" + value + "\": " + wanted);
}

absl::Status ParseMs(const std::string& name, const std::string& value, Micros& out) {
  int ms = 0;
  if (!absl::SimpleAtoi(value, &ms) || ms < 0 || ms > 60'000) {
    return Bad(name, value, "milliseconds from 0 to 60000");
  }
  out = Micros{ms} * 1000;
  return absl::OkStatus();
}

absl::Status ParseBoards(const std::string& value, std::vector<int>& out) {
  for (const std::string& word : std::vector<std::string>(absl::StrSplit(value, ','))) {
    int board = 0;
    if (!absl::SimpleAtoi(word, &board) || board < 0 || board > 9 ||
        std::find(out.begin(), out.end(), board) != out.end()) {
      return Bad("--boards", value, "distinct addresses 0 to 9, separated by commas");
    }
    out.push_back(board);
  }
  return absl::OkStatus();
}

absl::Status Set(const std::string& name, const std::string& value, Options& options) {
  if (name == "--tty") options.tty = value;
  if (name == "--log") options.log = value;
  if (name == "--control") options.control = value;
  if (name == "--tty" || name == "--log" || name == "--control") return absl::OkStatus();
  if (name == "--boards") return ParseBoards(value, options.boards);
  if (name == "--think-ms") return ParseMs(name, value, options.think);
  if (name == "--open-ms") return ParseMs(name, value, options.open_delay);
  if (name == "--shoppers") {
    double seconds = 0;
    if (!absl::SimpleAtod(value, &seconds) || !(seconds > 0 && seconds < 1e6)) {
      return Bad(name, value, "seconds above 0");
    }
    options.shoppers = seconds;
    return absl::OkStatus();
  }
  if (name == "--pace") {
    if (value != "on" && value != "off") return Bad(name, value, "on or off");
    options.pace = value == "on";
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("unknown option " + name);
}

}  // namespace

absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); i += 2) {
    if (i + 1 == arguments.size()) {
      return absl::InvalidArgumentError(arguments[i] + " needs a value");
    }
    CW_RETURN_IF_ERROR(Set(arguments[i], arguments[i + 1], options));
  }
  if (options.tty.empty() || options.boards.empty() || options.log.empty() ||
      options.control.empty()) {
    return absl::InvalidArgumentError("--tty, --boards, --log and --control are needed");
  }
  return options;
}

}  // namespace cartwise::sim
