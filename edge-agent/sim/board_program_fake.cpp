#include "sim/board_program_fake.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace cartwise::sim {
namespace {

constexpr int kPatienceMs = 10'000;

}  // namespace

ControlClient::ControlClient(const std::string& path)
    : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
}

ControlClient::~ControlClient() {
  close(fd_);
}

void ControlClient::Send(const std::string& text) {
  if (write(fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
}

std::string ControlClient::Read() {
  size_t end;
  while ((end = held_.find('\n')) == std::string::npos) {
    pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
    char buffer[4096];
    if (poll(&waiting, 1, kPatienceMs) != 1) std::abort();
    const ssize_t got = read(fd_, buffer, sizeof(buffer));
    if (got <= 0) std::abort();
    held_.append(buffer, static_cast<size_t>(got));
  }
  const std::string line = held_.substr(0, end);
  held_.erase(0, end + 1);
  return line;
}

std::string ControlClient::Tell(const std::string& line) {
  Send(line + "\n");
  return Read();
}

BoardProgram::BoardProgram(const std::string& folder, const std::string& boards) : folder_(folder) {
  child_ = fork();
  if (child_ == 0) {
    execl(EMULATED_BOARD, "emulated-board", "--tty", tty().c_str(), "--boards", boards.c_str(),
          "--log", (folder_ + "/log").c_str(), "--control", control().c_str(), nullptr);
    _exit(127);
  }
  for (int waited = 0; waited < kPatienceMs; waited += 10) {
    if (ControlClient client(control()); client.connected()) {
      // It listens before it has a terminal, and answers after.
      client.Tell("state");
      return;
    }
    if (waitpid(child_, nullptr, WNOHANG) != 0) break;
    poll(nullptr, 0, 10);
  }
  std::abort();
}

BoardProgram::~BoardProgram() {
  if (child_ > 0) Stop();
}

int BoardProgram::Stop() {
  kill(child_, SIGTERM);
  int status = -1;
  waitpid(child_, &status, 0);
  child_ = -1;
  return status;
}

std::string BoardProgram::Tell(const std::string& line) const {
  return ControlClient(control()).Tell(line);
}

std::vector<std::string> BoardProgram::Log(const std::string& part) const {
  std::ifstream in(folder_ + "/log");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (line.find(part) != std::string::npos) lines.push_back(line);
  }
  return lines;
}

}  // namespace cartwise::sim
