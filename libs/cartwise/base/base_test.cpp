#include <algorithm>
#include <vector>

#include "cartwise/base/audit.hpp"
#include "cartwise/base/caller.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/base/ids.hpp"
#include "cartwise/base/page.hpp"
#include "cartwise/base/text.hpp"
#include "cartwise/base/this_machine.hpp"
#include "cartwise/testing/status.hpp"

namespace cartwise {
namespace {

TEST_CASE("new ids are version 7 UUIDs, distinct, and rise as they are made", "[ids]") {
  std::vector<std::string> ids(10'000);
  for (std::string& id : ids) id = NewUuid();

  CHECK(std::adjacent_find(ids.begin(), ids.end(), std::greater_equal()) == ids.end());
  for (const std::string& id : {ids.front(), ids.back()}) {
    CHECK(IsUuid(id));
    CHECK(id[14] == '7');
    CHECK(std::string("89ab").find(id[19]) != std::string::npos);
  }
}

TEST_CASE("an id from outside is checked and put in lower case", "[ids]") {
  const auto good = ParseId<BranchId>("branch_id", "0190AAAA-0000-7000-8000-00000000000F");
  REQUIRE_OK(good);
  CHECK(good->value() == "0190aaaa-0000-7000-8000-00000000000f");

  for (const char* bad : {"", "7", "0190aaaa-0000-7000-8000-00000000000g",
                          "0190aaaa00007000800000000000000f", "' OR 1=1 --"}) {
    const auto refused = ParseId<BranchId>("branch_id", bad);
    CHECK_REFUSED(refused, "INVALID_FIELD");
    CHECK(errors::Fields(refused.status()).front().first == "branch_id");
  }
}

TEST_CASE("every field at fault is reported at once", "[errors]") {
  errors::FieldErrors faults;
  faults.Require(false, "name", "is required");
  faults.Require(true, "slug", "is fine");
  faults.Add("plan", "is unknown");

  const absl::Status status = faults.ToStatus();

  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(errors::Fields(status) == std::vector<std::pair<std::string, std::string>>{
                                      {"name", "is required"}, {"plan", "is unknown"}});
}

TEST_CASE("a refusal carries its reason and details", "[errors]") {
  const auto status = errors::WithDetail(
      errors::Refuse(absl::StatusCode::kUnavailable, "UNLOCK_UNCONFIRMED", "nobody knows"),
      "rental_id", "r1");

  CHECK(errors::Reason(status) == "UNLOCK_UNCONFIRMED");
  CHECK(errors::Details(status).front().second == "r1");
  CHECK(errors::Reason(absl::InternalError("x")).empty());
}

TEST_CASE("a page token that somebody made up is refused before the database sees it", "[page]") {
  const std::string id = "018f0000-0000-7000-8000-000000000000";
  const auto parsed = [](const std::string& first, const std::string& last) {
    return ParsePage(0, PageToken({first, last}), 2);
  };
  REQUIRE(parsed("Haifa", id).ok());
  CHECK(CheckEndsWithId(*parsed("Haifa", id)).ok());
  CHECK(CheckEndsWithId(PageRequest{}).ok());
  CHECK_REFUSED(CheckEndsWithId(*parsed("Haifa", "1 OR 1=1")), "INVALID_FIELD");
  CHECK_REFUSED(parsed("\xFF", id), "INVALID_FIELD");
}

TEST_CASE("page sizes are clamped and tokens are only accepted from ourselves", "[page]") {
  CHECK(ParsePage(0, "", 1)->size == 50);
  CHECK(ParsePage(1'000, "", 1)->size == 200);
  CHECK_REFUSED(ParsePage(-1, "", 1), "INVALID_FIELD");

  const auto next = ParsePage(10, PageToken({"Haifa", "id-1"}), 2);
  REQUIRE_OK(next);
  CHECK(next->after == std::vector<std::string>{"Haifa", "id-1"});

  CHECK_REFUSED(ParsePage(10, PageToken({"only one"}), 2), "INVALID_FIELD");
  for (const char* bad : {"AAAA", "not base64!", "\xff", "=="}) {
    CHECK_REFUSED(ParsePage(10, bad, 2), "INVALID_FIELD");
  }
}

TEST_CASE("roles count where their grant covers the branch", "[caller]") {
  const BranchId haifa("0190aaaa-0000-7000-8000-000000000001");
  const BranchId eilat("0190aaaa-0000-7000-8000-000000000002");
  Caller caller;
  caller.principal = Principal::kStaff;
  caller.grants = {{Role::kOperator, {haifa}}, {Role::kViewer, {haifa, eilat}}};

  CHECK(caller.MayIn(haifa, Role::kOperator));
  CHECK_FALSE(caller.MayIn(eilat, Role::kOperator));
  CHECK(caller.MayIn(eilat, Role::kViewer));
  CHECK_FALSE(caller.HasChainRole(Role::kViewer));
  CHECK(caller.VisibleBranches()->size() == 3);

  caller.grants.push_back({Role::kViewer, {}});
  CHECK_FALSE(caller.VisibleBranches().has_value());
  CHECK_FALSE(caller.MayIn(eilat, Role::kOperator));
}

TEST_CASE("the audit log tells who, as what and from where", "[audit]") {
  Caller key;
  key.principal = Principal::kApiKey;
  key.subject = "k";
  key.grants = {{Role::kViewer, {}}};
  key.peer = "ipv4:192.0.2.7:4711";

  const Audit audit = AuditOf(key, "because");

  CHECK(audit.actor == "key:k");
  CHECK(audit.role == "VIEWER");
  CHECK(audit.reason == "because");
  CHECK(audit.address == "192.0.2.7");
  CHECK(AuditOf(Caller::Service("rental-svc"), "").address.empty());
}

TEST_CASE("only addresses that cannot leave it are this machine", "[this_machine]") {
  for (const char* host :
       {"127.0.0.1", "127.8.9.10", "::1", "[::1]", "localhost", "/run/pg", "@pg"}) {
    CHECK(IsThisMachine(host));
  }
  for (const char* host : {"", "0.0.0.0", "10.0.0.7", "128.0.0.1", "127.example.test", "127.1",
                           "::", "localhost.example.test", "db", "::ffff:10.0.0.7"}) {
    CHECK_FALSE(IsThisMachine(host));
  }
}

TEST_CASE("times and phones are written for people without telling too much", "[text]") {
  const auto time = ParseRfc3339("2026-11-21T03:04:05.678901+02:00");
  REQUIRE_OK(time);
  CHECK(ToRfc3339(*time) == "2026-11-21T01:04:05.678901Z");
  CHECK(MaskPhone("+972502345678") == "+972*****78");
  CHECK(MaskPhone("1234") == "*****");
  CHECK(Base64UrlDecode(Base64UrlEncode(std::string("\0\xff?", 3))).value() ==
        std::string("\0\xff?", 3));
}

}  // namespace
}  // namespace cartwise
