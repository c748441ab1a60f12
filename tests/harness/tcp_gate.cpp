#include "harness/tcp_gate.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace cartwise::fleet {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

struct Link {
  int from, to;
};

void HangUp(int socket) {
  const linger abort{1, 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
  close(socket);
}

}  // namespace

TcpGate::TcpGate(int target_port) : target_port_(target_port) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = Loopback(0);
  socklen_t length = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    std::perror("gate");
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Run(); });
}

TcpGate::~TcpGate() {
  stop_ = true;
  thread_.join();
  close(listener_);
}

void TcpGate::Cut() {
  open_ = false;
  cut_ = true;
}

void TcpGate::Run() {
  std::vector<Link> links;
  while (!stop_) {
    if (cut_.exchange(false)) {
      for (const Link& link : links) HangUp(link.from);
      links.clear();
    }
    std::vector<pollfd> waits;
    if (open_) {
      waits.push_back({listener_, POLLIN, 0});
      for (const Link& link : links) waits.push_back({link.from, POLLIN, 0});
    }
    // Short, because Close and Open come from another thread.
    poll(waits.data(), waits.size(), 5);
    if (!open_ || waits.empty()) continue;
    if (waits[0].revents & POLLIN) {
      const int near = accept(listener_, nullptr, nullptr);
      const int far = socket(AF_INET, SOCK_STREAM, 0);
      const sockaddr_in target = Loopback(target_port_);
      if (connect(far, reinterpret_cast<const sockaddr*>(&target), sizeof(target)) != 0) {
        HangUp(near);
        close(far);
        continue;
      }
      const int on = 1;
      for (int end : {near, far}) setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      links.push_back({near, far});
      links.push_back({far, near});
      continue;
    }
    for (size_t i = 1; i < waits.size(); ++i) {
      if (waits[i].revents == 0) continue;
      char bytes[16384];
      const ssize_t got = read(waits[i].fd, bytes, sizeof(bytes));
      const int to = links[i - 1].to;
      if (got > 0 && send(to, bytes, size_t(got), MSG_NOSIGNAL) == got) continue;
      const int from = waits[i].fd;
      std::erase_if(links, [&](const Link& link) { return link.from == from || link.to == from; });
      HangUp(from);
      HangUp(to);
      break;
    }
  }
  for (const Link& link : links) HangUp(link.from);
}

}  // namespace cartwise::fleet
