#include "storage/housekeeping.hpp"

#include "cartwise/base/text.hpp"
#include "storage/fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

TEST_CASE("what nobody can use any more is deleted, and nothing else", "[housekeeping]") {
  TwoChains f;
  REQUIRE_OK(f.NewUser(f.owner, "a@x.example", Role::kViewer));
  const auto old = f.sessions.Login({}, "a@x.example", kPassword);
  REQUIRE_OK(old);
  f.clock.Advance(absl::Hours(10 * 24));
  const auto recent = f.sessions.Login({}, "a@x.example", kPassword);
  REQUIRE_OK(recent);
  const auto answer = [&](const std::string& key, absl::Duration age) {
    f.server.Sql("INSERT INTO tenant.idempotency_keys VALUES ('" + f.rami.id.value() +
                 "', 'p', 'm', '" + key + "', 'h', '', '" + ToRfc3339(f.clock.Now() - age) + "')");
  };
  answer("old", absl::Hours(25));
  answer("new", absl::Hours(23));

  const auto place = [&](const std::string& address, absl::Duration age) {
    f.server.Sql("INSERT INTO tenant.sign_in_places SELECT chain_id, user_id, '" + address +
                 "', '" + ToRfc3339(f.clock.Now() - age) + "' FROM tenant.users");
  };
  place("old", absl::Hours(91 * 24));
  place("new", absl::Hours(89 * 24));

  const auto link = [&](absl::Duration age) {
    f.server.Sql(
        "INSERT INTO tenant.password_links SELECT chain_id, user_id, 'h', to_timestamp(0), '" +
        ToRfc3339(f.clock.Now() - age) +
        "', 'user:x' FROM tenant.users ON CONFLICT (chain_id, user_id) DO UPDATE SET expires_at = "
        "excluded.expires_at");
    REQUIRE_OK(Tidy(*f.pool, f.clock.Now()));
    return f.Count("tenant.password_links");
  };
  CHECK(link(absl::Seconds(-1)) == 1);
  CHECK(link(absl::Seconds(1)) == 0);

  REQUIRE_OK(Tidy(*f.pool, f.clock.Now()));
  CHECK(f.Count("tenant.idempotency_keys WHERE key = 'new'") == 1);
  CHECK(f.Count("tenant.idempotency_keys WHERE key = 'old'") == 0);
  CHECK(f.Count("tenant.sign_in_places WHERE address_hash = 'new'") == 1);
  CHECK(f.Count("tenant.sign_in_places WHERE address_hash = 'old'") == 0);
  CHECK(f.Count("tenant.sign_ins") == 2);

  // The first sign-in's token has been dead for eight days now, the other is alive.
  f.clock.Advance(absl::Hours(28 * 24));
  REQUIRE_OK(Tidy(*f.pool, f.clock.Now()));
  CHECK(f.Count("tenant.sign_ins") == 1);
  CHECK(f.Count("tenant.refresh_tokens") == 1);
  REQUIRE_OK(f.sessions.Refresh({}, recent->refresh_token));
}

}  // namespace
}  // namespace cartwise::tenant
