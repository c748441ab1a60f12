#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <absl/strings/str_format.h>

#include "harness/rack.hpp"
#include "load.hpp"
#include "proc.hpp"
#include "sections.hpp"

namespace cartwise::bench {
namespace {

constexpr int kCallsPerSecond = 50;
constexpr char kPath[] = "/api/branches";

int Connect(int port) {
  const int line = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(uint16_t(port));
  connect(line, reinterpret_cast<sockaddr*>(&address), sizeof address);
  return line;
}

// Connections that each send a byte of a head every ten seconds, and are made anew
// when they are cut off, until `stop`.
void Dribble(int port, int connections, const std::atomic<bool>& stop) {
  constexpr int kSlices = 200;  // of ten seconds
  std::vector<int> lines(size_t(connections), -1);
  for (int turn = 0; !stop; ++turn) {
    for (size_t i = size_t(turn % kSlices); i < lines.size(); i += kSlices) {
      if (lines[i] >= 0 && send(lines[i], "G", 1, MSG_NOSIGNAL) == 1) continue;
      if (lines[i] >= 0) close(lines[i]);
      lines[i] = Connect(port);
    }
    // All come at once, and then each sends a byte every ten seconds.
    if (turn >= kSlices) poll(nullptr, 0, 10'000 / kSlices);
  }
  for (const int line : lines) close(line);
}

std::vector<double> Calls(fleet::Rest& client, double seconds) {
  std::vector<double> took;
  const int64_t start = MonotonicMicros();
  for (int64_t i = 0; MonotonicMicros() < start + int64_t(seconds * 1e6); ++i) {
    const int64_t due = start + i * 1'000'000 / kCallsPerSecond;
    if (due > MonotonicMicros()) poll(nullptr, 0, int((due - MonotonicMicros()) / 1000));
    const int64_t begin = MonotonicMicros();
    if (!client.Get(kPath).ok()) {
      std::fprintf(stderr, "bench: an honest call failed\n");
      std::exit(1);
    }
    took.push_back(double(MonotonicMicros() - begin) / 1000);
  }
  return took;
}

// Milliseconds until a body that is announced with a GB is refused.
double RefusalOfGiantBody(int port, const std::string& token) {
  const int line = Connect(port);
  pollfd ready{line, POLLOUT, 0};
  poll(&ready, 1, 1000);
  const std::string head =
      "POST /api/branches HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token +
      "\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n";
  const int64_t begin = MonotonicMicros();
  send(line, head.data(), head.size(), MSG_NOSIGNAL);
  ready = {line, POLLIN, 0};
  poll(&ready, 1, 5000);
  const double took = double(MonotonicMicros() - begin) / 1000;
  char answer[13] = {};
  if (recv(line, answer, 12, 0) != 12 || std::string(answer) != "HTTP/1.1 413") {
    std::fprintf(stderr, "bench: a giant body was answered with '%s'\n", answer);
    std::exit(1);
  }
  close(line);
  return took;
}

}  // namespace

// Honest calls while thousands of clients hold connections and hardly speak.
std::vector<Figure> SlowClients(fleet::Fleet& fleet, const Effort& effort) {
  fleet::Chain chain(fleet);
  fleet::Rest caller = chain.owner->Twin();
  const int port = fleet.PortOf("gateway-svc");
  const int connections = effort.agents * 5;
  Calls(caller, 1);
  const double before = ResidentKb(fleet.PidOf("gateway-svc"));
  const double alone = Percentile(Calls(caller, effort.seconds * 2), 0.99);
  std::atomic<bool> stop = false;
  std::thread crowd([&] { Dribble(port, connections, stop); });
  Calls(caller, 1);
  const double beside = Percentile(Calls(caller, effort.seconds * 2), 0.99);
  const double held = (ResidentKb(fleet.PidOf("gateway-svc")) - before) / connections;
  stop = true;
  crowd.join();
  std::vector<double> refusals;
  for (int i = 0; i < 100; ++i) refusals.push_back(RefusalOfGiantBody(port, caller.token()));
  return {{.name = "slow_clients_p99",
           .unit = "x",
           .ours = beside / alone,
           .goal = 2,
           .remark = absl::StrFormat("p99 %.1f ms beside %d dribbling connections (%.0f KB each), "
                                     "%.1f ms alone",
                                     beside, connections, held, alone)},
          {.name = "giant_body_refused_p99_ms",
           .unit = "ms",
           .ours = Percentile(refusals, 0.99),
           .goal = 50,
           .remark = "a body announced with 1 GB until its 413"}};
}

}  // namespace cartwise::bench
