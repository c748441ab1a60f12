#include "board_program_fake.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

namespace cartwise::edge {
namespace {

int Connect(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return fd;
  close(fd);
  return -1;
}

}  // namespace

BoardProgram::BoardProgram(const std::string& folder, const std::string& boards) : folder_(folder) {
  child_ = fork();
  if (child_ == 0) {
    execl(EMULATED_BOARD, "emulated-board", "--tty", tty().c_str(), "--boards", boards.c_str(),
          "--log", (folder_ + "/log").c_str(), "--control", (folder_ + "/control").c_str(),
          nullptr);
    _exit(127);
  }
  for (int tries = 0; tries < 1000; ++tries) {
    if (const int fd = Connect(folder_ + "/control"); fd >= 0) {
      close(fd);
      return;
    }
    poll(nullptr, 0, 10);
  }
  std::abort();
}

BoardProgram::~BoardProgram() {
  kill(child_, SIGTERM);
  waitpid(child_, nullptr, 0);
}

std::string BoardProgram::Tell(const std::string& line) const {
  const int fd = Connect(folder_ + "/control");
  const std::string text = line + "\n";
  if (fd < 0 || write(fd, text.data(), text.size()) < 0) std::abort();
  std::string answer;
  char byte;
  while (read(fd, &byte, 1) == 1 && byte != '\n') answer += byte;
  close(fd);
  return answer;
}

std::vector<std::string> BoardProgram::Log(const std::string& part) const {
  std::ifstream in(folder_ + "/log");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (line.find(part) != std::string::npos) lines.push_back(line);
  }
  return lines;
}

}  // namespace cartwise::edge
