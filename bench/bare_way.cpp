#include "bare_way.hpp"

#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace cartwise::bench {
namespace {

// Exactly so many bytes.
void Read(int file, char* bytes, int count) {
  for (int got = 0; got < count;) {
    const ssize_t some = read(file, bytes + got, size_t(count - got));
    if (some <= 0) {
      std::fprintf(stderr, "bench: the bare way has lost its line\n");
      std::exit(1);
    }
    got += int(some);
  }
}

}  // namespace

BareWay::BareWay(fleet::Fleet& fleet) {
  std::array<char, 64> tty{};
  termios raw{};
  cfmakeraw(&raw);
  if (openpty(&board_, &tty_, tty.data(), &raw, nullptr) != 0) {
    std::perror("bench: no pseudo-terminal");
    std::exit(1);
  }
  fleet.database.Sql(
      "CREATE TABLE IF NOT EXISTS bare_messages (id bigserial PRIMARY KEY, body text)");
  const std::string url = fleet.database.SuperUrl();
  const std::vector<std::vector<std::string>> kinds = {
      {"pass"}, {"commit-twice", url}, {"commit", url}, {"pass"}};
  std::vector<int> ports(kinds.size() + 1);
  for (int& port : ports) port = fleet::FreePort();
  const auto start = [&](size_t at, const std::vector<std::string>& what) {
    std::vector<std::string> argv = {fleet::Program("cartwise-bare-hop"), std::to_string(ports[at]),
                                     fleet.folder() + "/certs/gateway-svc.pem",
                                     fleet.folder() + "/certs/gateway-svc.key"};
    argv.insert(argv.end(), what.begin(), what.end());
    hops_.emplace_back(fleet::Process::Spec{.argv = argv, .log = fleet.LogOf("bare-hop")});
  };
  for (size_t i = 0; i < kinds.size(); ++i) {
    auto what = kinds[i];
    what.insert(what.begin() + 1, std::to_string(ports[i + 1]));
    start(i, what);
  }
  start(kinds.size(), {"serial", tty.data()});
  line_ = BareLine::Connect(ports.front());
}

BareWay::~BareWay() {
  hops_.clear();
  close(tty_);
  close(board_);
}

BareWay::Trip BareWay::Go() {
  std::array<char, kBareFrame> frame{};
  std::array<char, kBareStatus> status{};
  line_->Send();
  const int64_t sent = fleet::MonotonicMicros();
  const auto since_ms = [&] { return double(fleet::MonotonicMicros() - sent) / 1000; };
  Trip trip;
  Read(board_, frame.data(), 1);
  trip.first_byte_ms = since_ms();
  Read(board_, frame.data() + 1, kBareFrame - 1);
  if (write(board_, status.data(), status.size()) < 0) std::exit(1);
  line_->Receive();
  trip.back_ms = since_ms();
  return trip;
}

}  // namespace cartwise::bench
