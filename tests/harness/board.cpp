#include "harness/board.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "harness/process.hpp"

namespace cartwise::fleet {

Board::Board(std::string control, std::string log)
    : control_(std::move(control)), log_(std::move(log)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, control_.c_str(), sizeof(address.sun_path) - 1);
  socket_ = socket(AF_UNIX, SOCK_STREAM, 0);
  // Its file is there a moment before anybody listens on it.
  if (!Eventually([&] {
        return connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
      })) {
    std::perror(control_.c_str());
    std::abort();
  }
}

Board::~Board() {
  close(socket_);
}

Json Board::Do(const std::string& line) {
  const std::string sent = line + "\n";
  if (write(socket_, sent.data(), sent.size()) != ssize_t(sent.size())) std::abort();
  std::string answer;
  char byte = 0;
  while (read(socket_, &byte, 1) == 1 && byte != '\n') answer.push_back(byte);
  Json json = Json::parse(answer, nullptr, false);
  if (!json.is_object() || !json.value("ok", false)) {
    std::fprintf(stderr, "board refused \"%s\": %s\n", line.c_str(), answer.c_str());
    std::abort();
  }
  return json;
}

std::vector<Json> Board::Log() const {
  std::vector<Json> lines;
  std::ifstream file(log_);
  for (std::string line; std::getline(file, line);) {
    Json json = Json::parse(line, nullptr, false);
    if (json.is_object()) lines.push_back(std::move(json));
  }
  return lines;
}

std::vector<Pulse> Board::Pulses() const {
  std::vector<Pulse> pulses;
  for (const Json& line : Log()) {
    if (line.value("event", "") != "pulse") continue;
    pulses.push_back({line["board"], line["lock"], line["first_byte_mono_us"], line["mono_us"],
                      line["time"], line["opened"]});
  }
  return pulses;
}

int Board::PulsesOf(int board, int lock) const {
  const auto pulses = Pulses();
  return int(std::count_if(pulses.begin(), pulses.end(), [&](const Pulse& pulse) {
    return pulse.board == board && pulse.lock == lock;
  }));
}

}  // namespace cartwise::fleet
