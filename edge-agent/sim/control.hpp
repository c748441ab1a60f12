#pragma once

#include <functional>
#include <map>
#include <string>

#include <absl/status/status.h>

#include "sim/loop.hpp"

namespace cartwise::sim {

/// A Unix stream socket: a line in, a line out, any number of clients.
class Control {
 public:
  /// Answers one line without its newline.
  using Execute = std::function<std::string(const std::string& line)>;

  Control(Loop& loop, Execute execute) : loop_(loop), execute_(std::move(execute)) {}
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  /// Listens at `path`; replaces the socket of an emulator that is gone.
  /// ALREADY_EXISTS when one still answers there.
  absl::Status Listen(const std::string& path);

 private:
  void Accept();
  void Serve(int client);
  void Drop(int client);

  Loop& loop_;
  const Execute execute_;
  std::string path_;
  int listener_ = -1;
  std::map<int, std::string> clients_;  ///< bytes of a line not yet whole
};

}  // namespace cartwise::sim
