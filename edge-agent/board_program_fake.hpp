#pragma once

#include <string>
#include <vector>

namespace cartwise::edge {

/// The emulated-board program, started for a test; ends with it.
class BoardProgram {
 public:
  /// Its terminal is `folder`/tty.
  BoardProgram(const std::string& folder, const std::string& boards);
  ~BoardProgram();
  BoardProgram(const BoardProgram&) = delete;
  BoardProgram& operator=(const BoardProgram&) = delete;

  std::string tty() const { return folder_ + "/tty"; }
  /// A line to the control socket; the JSON answer.
  std::string Tell(const std::string& line) const;
  /// Lines of the log that hold `part`.
  std::vector<std::string> Log(const std::string& part) const;

 private:
  const std::string folder_;
  int child_ = -1;
};

}  // namespace cartwise::edge
