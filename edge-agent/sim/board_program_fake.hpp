#pragma once

#include <string>
#include <vector>

namespace cartwise::sim {

/// A connection to the control socket of an emulated board. Ends the test when
/// no answer comes.
class ControlClient {
 public:
  explicit ControlClient(const std::string& path);
  ~ControlClient();
  ControlClient(const ControlClient&) = delete;
  ControlClient& operator=(const ControlClient&) = delete;

  bool connected() const { return connected_; }
  /// Sends these very bytes.
  void Send(const std::string& text);
  /// The next line of the board.
  std::string Read();
  /// A line to the board; its answer, in JSON.
  std::string Tell(const std::string& line);

 private:
  const int fd_;
  bool connected_ = false;
  std::string held_;
};

/// The emulated-board program, started for a test; ends with it.
class BoardProgram {
 public:
  /// Its files are in `folder`. Returns when it is at work.
  BoardProgram(const std::string& folder, const std::string& boards);
  ~BoardProgram();
  BoardProgram(const BoardProgram&) = delete;
  BoardProgram& operator=(const BoardProgram&) = delete;

  std::string tty() const { return folder_ + "/tty"; }
  std::string control() const { return folder_ + "/control"; }
  /// A line on a connection of its own; the JSON answer.
  std::string Tell(const std::string& line) const;
  /// Lines of the log that hold `part`.
  std::vector<std::string> Log(const std::string& part) const;
  /// Exit status after SIGTERM.
  int Stop();

 private:
  const std::string folder_;
  int child_ = -1;
};

}  // namespace cartwise::sim
