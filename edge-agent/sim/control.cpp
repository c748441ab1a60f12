#include "sim/control.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cartwise::sim {
namespace {

constexpr size_t kLongestLine = 4096;
constexpr int kKind = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

bool SomebodyListens(const sockaddr_un& address) {
  const int probe = socket(AF_UNIX, kKind, 0);
  const bool connected =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(probe);
  return connected;
}

}  // namespace

Control::~Control() {
  while (!clients_.empty()) Drop(clients_.begin()->first);
  if (listener_ < 0) return;
  loop_.Forget(listener_);
  close(listener_);
  unlink(path_.c_str());
}

absl::Status Control::Listen(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError("a socket path has 1 to 107 bytes: " + path);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  if (SomebodyListens(address)) {
    return absl::AlreadyExistsError("another emulator listens at " + path);
  }
  unlink(path.c_str());
  const int fd = socket(AF_UNIX, kKind, 0);
  if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(fd, 16) != 0) {
    const absl::Status failed = absl::ErrnoToStatus(errno, "cannot listen at " + path);
    if (fd >= 0) close(fd);
    return failed;
  }
  listener_ = fd;
  path_ = path;
  loop_.Watch(fd, [this] { Accept(); });
  return absl::OkStatus();
}

void Control::Accept() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0) return;
  clients_[client];
  loop_.Watch(client, [this, client] { Serve(client); });
}

void Control::Serve(int client) {
  char buffer[1024];
  const ssize_t got = recv(client, buffer, sizeof(buffer), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return Drop(client);

  std::string& held = clients_[client];
  held.append(buffer, static_cast<size_t>(got));
  for (size_t end; (end = held.find('\n')) != std::string::npos;) {
    const std::string answer = execute_(held.substr(0, end)) + "\n";
    held.erase(0, end + 1);
    // A client that does not read its answers is not waited for.
    if (send(client, answer.data(), answer.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(answer.size())) {
      return Drop(client);
    }
  }
  if (held.size() > kLongestLine) Drop(client);
}

void Control::Drop(int client) {
  loop_.Forget(client);
  close(client);
  clients_.erase(client);
}

}  // namespace cartwise::sim
