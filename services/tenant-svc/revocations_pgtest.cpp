// What one replica revokes reaches whoever watches another.
#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "api/revocations_rpc.hpp"
#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/pg/listener.hpp"
#include "cartwise/rpc/server.hpp"
#include "storage/fixture_pgtest.hpp"
#include "storage/housekeeping.hpp"
#include "storage/pg_revocations.hpp"

namespace cartwise::tenant {
namespace {

struct Watched : TwoChains {
  auth::TestCertificates certificates;
  auth::SigningKey key = auth::NewTestKey("tenant-test");
  auth::TokenVerifier tokens{auth::KeySet::FromPem({{key.id(), key.PublicPem()}}).value(), clock};
  SystemClock now;
  rpc::Guard guard{tokens, server.metrics};
  RevocationFeed feed;
  RevocationsRpc rpc{guard, database, feed, now};
  std::unique_ptr<rpc::Server> grpc_server =
      rpc::Server::Start({"127.0.0.1:0", Files("tenant-svc")}, {&rpc}).value();
  std::unique_ptr<pg::Listener> listener = Listen();
  grpc::ClientContext context;

  Watched() { REQUIRE_OK(NewUser(platform, "a@x.example", Role::kOwner, {}, rami.id)); }
  ~Watched() {
    context.TryCancel();
    feed.Close();
  }

  rpc::TlsFiles Files(const std::string& name) {
    const auto files = certificates.Of(name);
    return {files.ca, files.cert, files.key};
  }
  std::unique_ptr<pg::Listener> Listen() {
    return std::make_unique<pg::Listener>(
        server.UrlOf("tenant"), kRevocationsChannel,
        [this](const std::string& payload) {
          const auto revocation = ReadRevocationNotice(payload);
          if (revocation) feed.Heard(*revocation);
        },
        [this] { feed.Missed(); });
  }
  auto Watch(const std::string& as = "gateway-svc") {
    const auto channel =
        rpc::Connect("127.0.0.1:" + std::to_string(grpc_server->port()), "tenant-svc", Files(as));
    return v1::RevocationService::NewStub(channel)->WatchRevocations(&context, {});
  }
  /// A sign-in that ends now.
  std::string EndOne() {
    const auto session = sessions.Login({}, "a@x.example", kPassword);
    REQUIRE_OK(session);
    REQUIRE_OK(sessions.Logout({}, session->refresh_token));
    return server
        .Sql("SELECT subject_id FROM tenant.revocations ORDER BY revocation_id DESC LIMIT 1")
        .front()
        .Text("subject_id");
  }
};

/// Reads until the revocation of this id comes.
template <typename Reader>
bool Hears(Reader& reader, const std::string& id) {
  v1::WatchRevocationsResponse response;
  while (reader.Read(&response)) {
    for (const auto& revocation : response.revocations()) {
      if (revocation.id() == id && revocation.kind() == v1::Revocation::SIGN_IN) return true;
    }
  }
  return false;
}

TEST_CASE("shoppers who sign out are told of for as long as their tokens live", "[revocations]") {
  Watched f;
  Caller shopper;
  shopper.principal = Principal::kShopper;
  shopper.subject = NewUuid();
  shopper.chain = f.rami.id;
  const auto sign_out = [&] {
    return f.Do(shopper, [&](Store& store, const Caller& caller) {
      return SignShopperOut(store, caller, f.clock.Now());
    });
  };
  CHECK_REFUSED(sign_out(), "TOKEN_WITHOUT_SIGN_IN");
  shopper.sign_in = NewUuid();
  REQUIRE_OK(sign_out());
  REQUIRE_OK(sign_out());
  CHECK(f.Count("tenant.revocations WHERE kind = 'SHOPPER'") == 1);

  const auto told_at = [&](absl::Time when) {
    const auto all = f.Do(
        f.platform, [&](Store& store, const Caller&) { return store.RecentRevocations(when); });
    REQUIRE_OK(all);
    return std::count_if(all->begin(), all->end(), [&](const Revocation& revocation) {
      return revocation.kind == "SHOPPER" && revocation.id == shopper.sign_in;
    });
  };
  const absl::Time then = f.clock.Now();
  REQUIRE_OK(Tidy(*f.pool, then + absl::Hours(30 * 24)));
  CHECK(told_at(then + absl::Hours(30 * 24)) == 1);
  CHECK(told_at(then + absl::Hours(32 * 24)) == 0);
  REQUIRE_OK(Tidy(*f.pool, then + absl::Hours(32 * 24)));
  CHECK(f.Count("tenant.revocations WHERE kind = 'SHOPPER'") == 0);
}

TEST_CASE("a watcher hears what ended before it came and what ends later", "[revocations]") {
  Watched f;
  f.clock.Advance(absl::Now() - f.clock.Now());
  const std::string before = f.EndOne();

  const auto reader = f.Watch();

  CHECK(Hears(*reader, before));
  CHECK(Hears(*reader, f.EndOne()));
}

TEST_CASE("a watcher hears all that ended, however much it is", "[revocations]") {
  constexpr int kMany = 80'000;
  Watched f;
  f.server.Sql(
      "INSERT INTO tenant.revocations (chain_id, kind, subject_id, revoked_at) "
      "SELECT '" +
      f.rami.id.value() +
      "', 'SHOPPER', gen_random_uuid(), now() "
      "FROM generate_series(1, " +
      std::to_string(kMany) + ")");

  const auto reader = f.Watch();

  std::set<std::string> heard;
  v1::WatchRevocationsResponse response;
  do {
    REQUIRE(reader->Read(&response));
    for (const auto& revocation : response.revocations()) heard.insert(revocation.id());
  } while (response.more());
  CHECK(heard.size() == kMany);
}

TEST_CASE("what was revoked while nobody listened is heard afterwards", "[revocations]") {
  Watched f;
  f.clock.Advance(absl::Now() - f.clock.Now());
  const auto reader = f.Watch();
  REQUIRE(Hears(*reader, f.EndOne()));

  f.listener.reset();
  const std::string missed = f.EndOne();
  f.listener = f.Listen();

  CHECK(Hears(*reader, missed));
}

TEST_CASE("nobody but the gateway watches", "[revocations]") {
  Watched f;
  const auto reader = f.Watch("device-svc");
  v1::WatchRevocationsResponse response;
  CHECK_FALSE(reader->Read(&response));
  CHECK(reader->Finish().error_code() == grpc::StatusCode::PERMISSION_DENIED);
}

TEST_CASE("a watch ends when the service does", "[revocations]") {
  Watched f;
  const auto reader = f.Watch();
  v1::WatchRevocationsResponse response;
  REQUIRE(reader->Read(&response));
  f.feed.Close();
  // The listener may have come just now, which is told of like news.
  while (reader->Read(&response)) continue;
  CHECK(reader->Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace cartwise::tenant
