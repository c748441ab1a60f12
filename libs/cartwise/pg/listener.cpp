#include "cartwise/pg/listener.hpp"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include <absl/strings/str_cat.h>

#include "cartwise/obs/log.hpp"
#include "cartwise/pg/dial.hpp"

namespace cartwise::pg {
namespace {

constexpr int kAgainMs = 1000;

template <typename T>
auto Owned(T* value) {
  return std::unique_ptr<T, decltype(&PQfreemem)>(value, &PQfreemem);
}

}  // namespace

struct Listener::State {
  std::string url, channel;
  std::function<void(const std::string&)> heard;
  std::function<void()> connected;
  int stop = eventfd(0, EFD_CLOEXEC);
  std::thread thread;

  // False when the listener is to stop.
  bool Wait(int descriptor, int timeout_ms) const {
    pollfd watched[] = {{stop, POLLIN, 0}, {descriptor, POLLIN, 0}};
    poll(watched, 2, timeout_ms);
    return watched[0].revents == 0;
  }

  std::string Listen(pg_conn* line) {
    const auto name = Owned(PQescapeIdentifier(line, channel.data(), channel.size()));
    pg_result* const listening = PQexec(line, absl::StrCat("LISTEN ", name.get()).c_str());
    const bool done = PQresultStatus(listening) == PGRES_COMMAND_OK;
    PQclear(listening);
    if (!done) return PQerrorMessage(line);
    connected();
    do {
      if (PQconsumeInput(line) != 1) return PQerrorMessage(line);
      while (const auto notice = Owned(PQnotifies(line))) heard(notice->extra);
    } while (Wait(PQsocket(line), -1));
    return "";
  }

  void Run() {
    do {
      const auto line = Dial(url);
      const std::string lost =
          line.ok() ? Listen(line->get()) : std::string(line.status().message());
      if (!lost.empty()) obs::Warning("the listener lost the database", {{"error", lost}});
    } while (Wait(-1, kAgainMs));
  }
};

Listener::Listener(std::string url, std::string channel,
                   std::function<void(const std::string&)> heard, std::function<void()> connected)
    : state_(
          new State{std::move(url), std::move(channel), std::move(heard), std::move(connected)}) {
  state_->thread = std::thread([this] { state_->Run(); });
}

Listener::~Listener() {
  eventfd_write(state_->stop, 1);
  state_->thread.join();
  close(state_->stop);
}

}  // namespace cartwise::pg
