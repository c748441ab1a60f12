#include "cartwise/pg/listener.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <pqxx/notification>

#include "cartwise/obs/log.hpp"
#include "cartwise/pg/dial.hpp"

namespace cartwise::pg {
namespace {

constexpr auto kAgain = std::chrono::seconds(1);
// How long a stop may take: libpqxx waits for a notice or for this.
constexpr long kLookMicros = 200'000;

class Receiver final : public pqxx::notification_receiver {
 public:
  Receiver(pqxx::connection_base& connection, const std::string& channel,
           const std::function<void(const std::string&)>& heard)
      : pqxx::notification_receiver(connection, channel), heard_(heard) {}
  void operator()(const std::string& payload, int) override { heard_(payload); }

 private:
  const std::function<void(const std::string&)>& heard_;
};

}  // namespace

struct Listener::State {
  std::string url, channel;
  std::function<void(const std::string&)> heard;
  std::function<void()> connected;
  std::mutex mutex;
  std::condition_variable stopped;
  std::atomic<bool> stopping = false;
  std::thread thread;

  void Listen() {
    pqxx::connection connection = Dial(url);
    Receiver receiver(connection, channel, heard);
    connected();
    while (!stopping) connection.await_notification(0, kLookMicros);
  }

  void Run() {
    while (!stopping) {
      try {
        Listen();
      } catch (const std::exception& failure) {
        obs::Warning("the listener lost the database", {{"error", failure.what()}});
      }
      std::unique_lock lock(mutex);
      stopped.wait_for(lock, kAgain, [&] { return stopping.load(); });
    }
  }
};

Listener::Listener(std::string url, std::string channel,
                   std::function<void(const std::string&)> heard, std::function<void()> connected)
    : state_(new State{std::move(url),
                       std::move(channel),
                       std::move(heard),
                       std::move(connected),
                       {},
                       {},
                       {},
                       {}}) {
  state_->thread = std::thread([this] { state_->Run(); });
}

Listener::~Listener() {
  state_->stopping = true;
  state_->stopped.notify_all();
  state_->thread.join();
}

}  // namespace cartwise::pg
