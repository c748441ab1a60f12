#include "cartwise/pg/dial.hpp"

#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>

#include "cartwise/obs/metrics.hpp"
#include "cartwise/pg/connection.hpp"
#include "cartwise/pg/listener.hpp"
#include "cartwise/pg/pool.hpp"
#include "cartwise/testing/status.hpp"

namespace cartwise::pg {
namespace {

constexpr absl::Time kNoHurry = absl::InfiniteFuture();
constexpr Query kLine{"line", R"sql(
  SELECT s.ssl, s.version, current_user AS role FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid())sql"};

/// A PostgreSQL of its own that is called db.example.test, speaks TLS, and lets
/// tenant-svc in by the certificate that the service has anyway.
class TlsServer {
 public:
  TlsServer() {
    char path[] = "/tmp/cw-tls-XXXXXX";
    home_ = mkdtemp(path);
    port_ = Run(R"sh(
      pg_create $HERE password >&2
      authority() { CERT_DIR=$HERE/$1; mkdir $CERT_DIR; make_ca; shift; for name; do make_certificate $name; done; }
      authority ours db.example.test tenant-svc rental-svc
      authority foreign tenant-svc
      cp $HERE/ours/ca.pem $HERE/data/ca.pem
      cp $HERE/ours/db.example.test.pem $HERE/data/server.crt
      cp $HERE/ours/db.example.test.key $HERE/data/server.key
      echo "services tenant-svc cartwise_tenant_app" >$HERE/data/pg_ident.conf
      echo "hostssl all cartwise_tenant_app all cert map=services
            hostssl all postgres all scram-sha-256" >$HERE/data/pg_hba.conf
      ! is_root || chown -R postgres: $HERE/data
      for try in 1 2 3 4 5 6 7 8; do
        port=$((20000 + RANDOM % 12000))
        if ! port_taken $port && pg_start $HERE $port fsync=off ssl=on ssl_ca_file=ca.pem; then
          PGPASSWORD=password psql -qX -h 127.0.0.1 -p $port -U postgres -c "CREATE ROLE cartwise_tenant_app LOGIN"
          echo $port
          exit
        fi
      done
      tail -n 20 $HERE/postgres.log >&2)sh");
    if (port_.empty()) std::abort();
  }
  ~TlsServer() { Run("pg_stop $HERE; rm -rf $HERE"); }

  std::string File(const std::string& name) const { return home_ + "/" + name; }

  struct Way {
    std::string host = "db.example.test", ca = "ours/ca.pem", cert = "ours/tenant-svc";
  };
  /// As the role of tenant-svc, without a password. The name leads to this machine
  /// and is proven nevertheless.
  std::string Url(const Way& way) const {
    return "postgresql://cartwise_tenant_app@" + way.host + ":" + port_ +
           "/postgres?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=" + File(way.ca) +
           "&sslcert=" + File(way.cert) + ".pem&sslkey=" + File(way.cert) + ".key";
  }
  std::string Url() const { return Url(Way{}); }

 private:
  // Prints of the commands, without the end of the line.
  std::string Run(const std::string& commands) const {
    const std::string script =
        "set -e; ROOT=" CARTWISE_SOURCE_DIR "; cd $ROOT; HERE=" + home_ +
        "; for part in common postgres certs; do source tools/front_door/$part.sh; done; " +
        commands;
    FILE* const shell = popen(("bash -c '" + script + "'").c_str(), "r");
    char line[64] = "";
    std::string said;
    while (std::fgets(line, sizeof(line), shell) != nullptr) said += line;
    pclose(shell);
    return said.substr(0, said.find('\n'));
  }

  std::string home_, port_;
};

// One for all cases: it takes seconds to make.
const TlsServer& Server() {
  static const TlsServer server;
  return server;
}

std::string WhyNot(const std::string& url) {
  const auto opened = Connection::Open(url);
  return opened.ok() ? "" : std::string(opened.status().message());
}

TEST_CASE("the database is reached by TLS and a certificate signs in without a password", "[pg]") {
  obs::Metrics metrics;
  Pool pool({Server().Url(), 2}, metrics);

  const auto line = pool.Once(Tenant::Platform(), kNoHurry, kLine);

  REQUIRE_OK(line);
  CHECK(line->front().Bool("ssl"));
  CHECK(line->front().Text("version") == "TLSv1.3");
  CHECK(line->front().Text("role") == "cartwise_tenant_app");
}

TEST_CASE("a listener takes the same way", "[pg]") {
  std::promise<void> connected;

  const Listener listener(
      Server().Url(), "news", [](const std::string&) {}, [&] { connected.set_value(); });

  CHECK(connected.get_future().wait_for(std::chrono::seconds(60)) == std::future_status::ready);
}

TEST_CASE("a database that cannot prove itself is refused", "[pg]") {
  CHECK_THAT(WhyNot(Server().Url({.ca = "foreign/ca.pem"})),
             Catch::Contains("certificate verify failed"));
  CHECK_THAT(WhyNot(Server().Url({.host = "other.example.test"})),
             Catch::Contains("does not match host name \"other.example.test\""));
  const std::string plain = std::getenv("CARTWISE_TEST_DATABASE_URL");
  CHECK_THAT(WhyNot(plain + "?sslmode=verify-full&sslrootcert=" + Server().File("ours/ca.pem")),
             Catch::Contains("server does not support SSL"));
}

TEST_CASE("the database lets nobody in by another's certificate", "[pg]") {
  CHECK_THAT(WhyNot(Server().Url({.cert = "ours/rental-svc"})),
             Catch::Contains("certificate authentication failed"));
  CHECK_FALSE(WhyNot(Server().Url({.cert = "foreign/tenant-svc"})).empty());
  CHECK_THAT(WhyNot(Server().Url({.cert = "ours/nobody"})),
             Catch::Contains("connection requires a valid client certificate"));
}

TEST_CASE("no connection is opened without TLS to another machine", "[pg]") {
  const std::string url = "postgresql://a@db.example.test/postgres?hostaddr=127.0.0.1";

  CHECK_THAT(WhyNot(url), Catch::Contains("needs ?sslmode=verify-full"));
  CHECK(std::string(Dial(url).status().message()).find("needs ?sslmode=verify-full") !=
        std::string::npos);
}

TEST_CASE("a database that vanishes is given up soon, or when the URL says so", "[pg]") {
  const std::string url =
      std::string(std::getenv("CARTWISE_TEST_DATABASE_URL")) + "?host=127.0.0.1";
  const auto option = [](const Line& line, int name) {
    int value = -1;
    socklen_t size = sizeof(value);
    getsockopt(PQsocket(line.get()), IPPROTO_TCP, name, &value, &size);
    return value;
  };

  const auto usual = Dial(url);
  const auto own = Dial(url + "&tcp_user_timeout=4000&keepalives_idle=77");

  REQUIRE_OK(usual);
  CHECK(option(*usual, TCP_USER_TIMEOUT) == 15'000);
  CHECK(option(*usual, TCP_KEEPIDLE) == 10);
  CHECK(option(*usual, TCP_KEEPINTVL) == 5);
  CHECK(option(*usual, TCP_KEEPCNT) == 3);
  REQUIRE_OK(own);
  CHECK(option(*own, TCP_USER_TIMEOUT) == 4'000);
  CHECK(option(*own, TCP_KEEPIDLE) == 77);
}

TEST_CASE("a renewed certificate counts for new connections, open ones go on", "[pg]") {
  namespace fs = std::filesystem;
  const auto put = [&](const std::string& from) {
    for (const char* end : {".pem", ".key"}) {
      fs::copy_file(Server().File(from) + end, Server().File("renewed") + end,
                    fs::copy_options::overwrite_existing);
    }
  };
  const std::string url = Server().Url({.cert = "renewed"});
  put("ours/tenant-svc");
  const auto open = Connection::Open(url);
  REQUIRE_OK(open);

  put("foreign/tenant-svc");
  CHECK_FALSE(WhyNot(url).empty());
  CHECK((*open)->Raw("SELECT 1").ok());
  put("ours/tenant-svc");
  CHECK(WhyNot(url).empty());
}

}  // namespace
}  // namespace cartwise::pg
