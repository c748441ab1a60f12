#pragma once

#include <absl/status/status.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <string>
#include <vector>

namespace cartwise::sim {

/// A line of the control socket, split at blanks.
using Words = std::vector<std::string>;

/// Readers of single words; INVALID_ARGUMENT names the word and what is wanted.
inline absl::Status ParseNumber(const std::string& word, int least, int most, int& out) {
  if (absl::SimpleAtoi(word, &out) && out >= least && out <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", word, "\" is no whole number from ", least, " to ", most));
}

inline absl::Status ParseSwitch(const std::string& word, bool& out) {
  if (word != "on" && word != "off") {
    return absl::InvalidArgumentError(absl::StrCat("\"", word, "\" is neither on nor off"));
  }
  out = word == "on";
  return absl::OkStatus();
}

}  // namespace cartwise::sim
