#include "cartwise/testing/database.hpp"

#include <cstdio>
#include <cstdlib>
#include <thread>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include "cartwise/base/ids.hpp"
#include "cartwise/pg/connection.hpp"
#include "cartwise/testing/stranger.hpp"

namespace cartwise::testing {
namespace {

[[noreturn]] void Fail(const std::string& why) {
  std::fprintf(stderr, "test database: %s\n", why.c_str());
  std::abort();
}

std::string ServerUrl() {
  const char* url = std::getenv("CARTWISE_TEST_DATABASE_URL");
  if (url == nullptr) Fail("CARTWISE_TEST_DATABASE_URL is not set; run ./cartwise test");
  return url;
}

// postgresql://user:password@host:port/database[?options]
std::string WithDatabase(const std::string& url, const std::string& database) {
  const size_t host = url.find("://") + 3;
  const size_t slash = url.find('/', host);
  const size_t options = url.find('?', host);
  return absl::StrCat(url.substr(0, std::min(slash, options)), "/", database,
                      options == std::string::npos ? "" : url.substr(options));
}

std::string WithUser(const std::string& url, const std::string& user, const std::string& password) {
  const size_t host = url.find("://") + 3;
  const size_t at = url.find('@', host);
  return absl::StrCat("postgresql://", user, ":", password,
                      at == std::string::npos ? "@" + url.substr(host) : url.substr(at));
}

pg::Rows Run(const std::string& url, const std::string& sql) {
  auto connection = pg::Connection::Open(url);
  if (!connection.ok()) Fail(connection.status().ToString());
  auto rows = (*connection)->Raw(sql);
  if (!rows.ok()) Fail(absl::StrCat(rows.status().ToString(), " in ", sql));
  return *std::move(rows);
}

}  // namespace

Database::Database() : name_(absl::StrReplaceAll("t_" + NewUuid(), {{"-", ""}})) {
  setenv("CARTWISE_DEVELOPMENT", "1", 1);
  setenv("CARTWISE_TEST_ALLOW_FSYNC_OFF", "1", 1);
  Run(ServerUrl(), absl::StrCat("CREATE DATABASE ", name_, " TEMPLATE cartwise_template"));
}

Database::~Database() {
  Run(ServerUrl(), absl::StrCat("DROP DATABASE ", name_, " WITH (FORCE)"));
}

std::string Database::UrlOf(const std::string& service) const {
  // In test clusters every role's password is its own name.
  const std::string role = absl::StrCat("cartwise_", service, "_app");
  return WithUser(SuperUrl(), role, role);
}

std::string Database::SuperUrl() const {
  return WithDatabase(ServerUrl(), name_);
}

std::unique_ptr<pg::Pool> Database::PoolOf(const std::string& service, int connections) {
  return std::make_unique<pg::Pool>(pg::PoolConfig{UrlOf(service), connections}, metrics);
}

std::unique_ptr<pg::Pool> Database::PoolBesideStranger(const std::string& service,
                                                       int connections) {
  return std::make_unique<pg::Pool>(pg::PoolConfig{UrlOf(service), connections, OpenBesideStranger},
                                    metrics);
}

pg::Rows Database::Sql(const std::string& sql) {
  return Run(SuperUrl(), sql);
}

void Database::AwaitLockWaits(int sessions) {
  while (Sql("SELECT FROM pg_stat_activity WHERE datname = current_database() "
             "AND wait_event_type = 'Lock'")
             .size() < sessions) {
    std::this_thread::yield();
  }
}

}  // namespace cartwise::testing
