#include "cartwise/pg/listener.hpp"

#include <condition_variable>
#include <mutex>
#include <vector>

#include "cartwise/testing/database.hpp"
#include "cartwise/testing/status.hpp"

namespace cartwise::pg {
namespace {

struct Ear {
  testing::Database database;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> heard;
  int connected = 0;
  Listener listener{database.UrlOf("tenant"), "news",
                    [this](const std::string& payload) {
                      std::lock_guard lock(mutex);
                      heard.push_back(payload);
                      changed.notify_all();
                    },
                    [this] {
                      std::lock_guard lock(mutex);
                      ++connected;
                      changed.notify_all();
                    }};

  bool WaitFor(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(60), condition);
  }
  void Say(const std::string& payload) {
    database.Sql("SELECT pg_notify('news', '" + payload + "')");
  }
};

TEST_CASE("what is said on the channel is heard, in order, and nothing else", "[pg]") {
  Ear f;
  REQUIRE(f.WaitFor([&] { return f.connected == 1; }));
  f.Say("one");
  f.database.Sql("SELECT pg_notify('gossip', 'not for us')");
  f.Say("two");
  REQUIRE(f.WaitFor([&] { return f.heard.size() == 2; }));
  CHECK(f.heard == std::vector<std::string>{"one", "two"});
}

TEST_CASE("a listener that lost the database comes back and says so", "[pg]") {
  Ear f;
  REQUIRE(f.WaitFor([&] { return f.connected == 1; }));
  f.database.Sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE datname = current_database() AND usename = 'cartwise_tenant_app'");
  REQUIRE(f.WaitFor([&] { return f.connected == 2; }));
  f.Say("again");
  REQUIRE(f.WaitFor([&] { return f.heard.size() == 1; }));
  CHECK(f.heard.front() == "again");
}

}  // namespace
}  // namespace cartwise::pg
