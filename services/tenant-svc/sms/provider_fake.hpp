#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cartwise::tenant {

/// Plays an HTTP provider on a loopback port of its own: takes one request per
/// connection and answers with the next of `answers`, raw, the last one for
/// ever. An empty answer holds the connection open and says nothing.
class FakeProvider {
 public:
  explicit FakeProvider(std::vector<std::string> answers) : answers_(std::move(answers)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 16);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~FakeProvider() {
    ending_ = true;
    thread_.join();
    for (const int held : held_) close(held);
    close(listener_);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/SendSms"; }
  std::vector<std::string> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }

  static std::string Json(const std::string& body, const std::string& status = "200 OK") {
    return "HTTP/1.1 " + status +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nConnection: close\r\n\r\n" + body;
  }

 private:
  void Run() {
    while (!ending_) {
      pollfd ready{listener_, POLLIN, 0};
      if (poll(&ready, 1, 20) <= 0) continue;
      const int peer = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer >= 0) Serve(peer);
    }
  }

  void Serve(int peer) {
    const std::string request = ReadRequest(peer);
    std::string answer;
    {
      std::lock_guard lock(mutex_);
      answer = answers_[std::min(requests_.size(), answers_.size() - 1)];
      requests_.push_back(request);
    }
    if (answer.empty()) {
      held_.push_back(peer);
      return;
    }
    size_t sent = 0;
    while (sent < answer.size()) {
      const ssize_t n = send(peer, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += size_t(n);
    }
    shutdown(peer, SHUT_WR);
    close(peer);
  }

  static std::string ReadRequest(int peer) {
    std::string text;
    char bytes[4096];
    while (true) {
      const size_t head = text.find("\r\n\r\n");
      const size_t length = text.find("Content-Length: ");
      if (head != std::string::npos && length < head &&
          text.size() >= head + 4 + std::stoul(text.substr(length + 16))) {
        return text;
      }
      const ssize_t n = recv(peer, bytes, sizeof(bytes), 0);
      if (n <= 0) return text;
      text.append(bytes, size_t(n));
    }
  }

  std::vector<std::string> answers_, requests_;
  mutable std::mutex mutex_;
  std::vector<int> held_;
  std::atomic<bool> ending_ = false;
  int listener_ = -1, port_ = 0;
  std::thread thread_;
};

}  // namespace cartwise::tenant
