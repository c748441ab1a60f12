#include "cartwise/pg/dial.hpp"

#include <cstdlib>

#include <catch2/catch.hpp>

#include "cartwise/pg/pool.hpp"

namespace cartwise::pg {
namespace {

// Any file that can be read.
const std::string kCa = "sslrootcert=/dev/null";

/// A variable of the process for one test.
class Set {
 public:
  Set(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Set() { unsetenv(name_); }

 private:
  const char* name_;
};

bool Usable(const std::string& url) {
  return CheckUrl(url).ok();
}

TEST_CASE("a database on this machine may be reached as it is", "[pg]") {
  CHECK(Usable("postgresql://a:b@127.0.0.1:5432/cartwise"));
  CHECK(Usable("postgresql://a:b@127.0.0.1/cartwise?sslmode=disable"));
  CHECK(Usable("postgresql://a@[::1]/cartwise"));
  CHECK(Usable("postgresql://a@localhost/cartwise"));
  CHECK(Usable("postgresql:///cartwise?host=/run/postgresql"));
  CHECK(Usable("postgresql:///cartwise"));
}

TEST_CASE("a database elsewhere is reached by TLS that proves it, or not at all", "[pg]") {
  const std::string elsewhere = "postgresql://a:secret@db.example.test/cartwise";

  CHECK(Usable(elsewhere + "?sslmode=verify-full&" + kCa));
  CHECK_FALSE(Usable(elsewhere));
  for (const char* mode : {"disable", "allow", "prefer", "require", "verify-ca"}) {
    CHECK_FALSE(Usable(elsewhere + "?sslmode=" + mode + "&" + kCa));
  }
  CHECK_FALSE(Usable(elsewhere + "?sslmode=verify-full"));
  CHECK_FALSE(Usable(elsewhere + "?sslmode=verify-full&sslrootcert=/does/not/exist"));
  CHECK_FALSE(Usable("postgresql://a@10.0.0.7/cartwise"));
  CHECK_FALSE(Usable("postgresql://a@[2001:db8::1]/cartwise"));
  CHECK_FALSE(Usable("postgresql://a@127.example.test/cartwise"));
  CHECK_FALSE(Usable("host=db.example.test dbname=cartwise"));
}

TEST_CASE("no other way of naming a host leads around the rule", "[pg]") {
  CHECK_FALSE(Usable("postgresql://a@127.0.0.1,db.example.test/cartwise"));
  CHECK_FALSE(Usable("postgresql://a@localhost/cartwise?hostaddr=10.0.0.7"));
  CHECK_FALSE(Usable("postgresql:///cartwise?host=db.example.test"));
  CHECK_FALSE(Usable("postgresql:///cartwise?service=elsewhere"));
  CHECK_FALSE(Usable("postgresql://a@localhost:x%ZZ/cartwise"));
  {
    const Set host("PGHOST", "db.example.test");
    CHECK_FALSE(Usable("postgresql:///cartwise"));
    CHECK(Usable("postgresql://a@localhost/cartwise"));
  }
  const Set address("PGHOSTADDR", "10.0.0.7");
  CHECK_FALSE(Usable("postgresql://a@localhost/cartwise"));
}

TEST_CASE("a program with such a URL does not start, and says what to put there", "[pg]") {
  const Set url("CARTWISE_TEST_DATABASE_URL", "postgresql://a:secret@db.example.test/cartwise");
  config::Env env;

  PoolConfig::FromEnv(env, "CARTWISE_TEST");

  const std::string fault(env.status().message());
  CHECK_THAT(fault, Catch::StartsWith("CARTWISE_TEST_DATABASE_URL: a database on another machine"));
  CHECK_THAT(fault, Catch::Contains("?sslmode=verify-full&sslrootcert="));
  CHECK_THAT(fault, !Catch::Contains("secret"));
}

}  // namespace
}  // namespace cartwise::pg
