#include "api_fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

TEST_CASE("a person signs in and hears who they are", "[api]") {
  Served f;
  const std::string hash =
      f.signed_credentials.HashPassword(kPassword, absl::InfiniteFuture()).value();
  REQUIRE_OK(f.NewUser(f.owner, "dana@rami.example", Role::kOperator, {f.haifa.id}));
  f.server.Sql("UPDATE tenant.users SET password_hash = '" + hash + "'");

  v1::LoginRequest login;
  login.set_email("dana@rami.example");
  login.set_password(kPassword);
  v1::Session session;
  Call signing_in;
  REQUIRE(f.sign_in->Login(&signing_in, login, &session).ok());
  CHECK(session.token_type() == "Bearer");
  CHECK(session.expires_in() == 900);

  v1::Me me;
  Call asking(session.access_token());
  REQUIRE(f.sign_in->GetMe(&asking, {}, &me).ok());
  CHECK(me.email() == "dana@rami.example");
  CHECK(me.chain_id() == f.rami.id.value());
  REQUIRE(me.grants_size() == 1);
  CHECK(me.grants(0).role() == "OPERATOR");
  CHECK(me.grants(0).branch_ids(0) == f.haifa.id.value());

  login.set_password("wrong");
  Call wrong;
  CHECK_GRPC_REFUSED(f.sign_in->Login(&wrong, login, &session), "BAD_CREDENTIALS");
  Call anonymous;
  CHECK_GRPC_REFUSED(f.sign_in->GetMe(&anonymous, {}, &me), "SIGN_IN_REQUIRED");
}

TEST_CASE("a repeated create gives the same answer and makes one row", "[api]") {
  Served f;
  const std::string token = f.Token(f.owner);
  const int before = f.announced;
  v1::Branch first, again, other;

  Call call(token, "key-1");
  REQUIRE(f.branches->CreateBranch(&call, BranchRequest("eilat"), &first).ok());
  Call repeat(token, "key-1");
  REQUIRE(f.branches->CreateBranch(&repeat, BranchRequest("eilat"), &again).ok());

  CHECK(first.SerializeAsString() == again.SerializeAsString());
  CHECK(f.Count("tenant.branches WHERE branch_code = 'eilat'") == 1);
  CHECK(f.Count("tenant.outbox WHERE subject = '" + first.id() + "'") == 1);
  CHECK(f.announced > before);

  Call reused(token, "key-1");
  CHECK_GRPC_REFUSED(f.branches->CreateBranch(&reused, BranchRequest("arad"), &other),
                     "IDEMPOTENCY_KEY_REUSED");
  CHECK(f.Count("tenant.branches WHERE branch_code = 'arad'") == 0);
}

TEST_CASE("a refused create leaves its key free for the next try", "[api]") {
  Served f;
  const std::string token = f.Token(f.owner);
  v1::Branch branch;

  Call taken(token, "key-1");
  CHECK_GRPC_REFUSED(f.branches->CreateBranch(&taken, BranchRequest("haifa"), &branch),
                     "BRANCH_CODE_TAKEN");
  Call good(token, "key-1");
  REQUIRE(f.branches->CreateBranch(&good, BranchRequest("eilat"), &branch).ok());
}

TEST_CASE("the secret of an enrollment key is shown once and stored nowhere", "[api]") {
  Served f;
  const std::string token = f.Token(f.owner);
  v1::CreateEnrollmentKeyRequest req;
  req.set_branch_id(f.haifa.id.value());
  v1::EnrollmentKey first, again;

  Call call(token, "key-1");
  REQUIRE(f.keys->CreateEnrollmentKey(&call, req, &first).ok());
  Call repeat(token, "key-1");
  REQUIRE(f.keys->CreateEnrollmentKey(&repeat, req, &again).ok());

  CHECK(first.key().size() == 48);
  CHECK(first.key().rfind("cwek_", 0) == 0);
  CHECK(first.max_uses() == 1);
  CHECK(again.id() == first.id());
  CHECK(again.key().empty());
  CHECK(f.Count("tenant.idempotency_keys WHERE position('cwek_'::bytea IN answer) > 0") == 0);
}

TEST_CASE("what is kept of a request does not help to guess its password", "[api]") {
  Served f;
  const std::string token = f.Token(f.owner);
  v1::CreateUserRequest req;
  req.set_email("a@x.example");
  req.set_name("A");
  req.set_role("VIEWER");
  req.set_password("first of two passwords");
  v1::User first, again, other;

  Call call(token, "key-1");
  REQUIRE(f.users->CreateUser(&call, req, &first).ok());
  req.set_password("second of two passwords");
  Call repeat(token, "key-1");
  REQUIRE(f.users->CreateUser(&repeat, req, &again).ok());
  CHECK(again.id() == first.id());

  req.set_role("ADMIN");
  Call reused(token, "key-1");
  CHECK_GRPC_REFUSED(f.users->CreateUser(&reused, req, &other), "IDEMPOTENCY_KEY_REUSED");
}

TEST_CASE("the policy of a method is checked before its handler", "[api]") {
  Served f;
  v1::Branch branch;
  v1::Chain chain;

  Call anonymous;
  CHECK_GRPC_REFUSED(f.branches->CreateBranch(&anonymous, BranchRequest("new"), &branch),
                     "SIGN_IN_REQUIRED");
  Call viewer(f.Token(Staff(f.rami.id, Role::kViewer)));
  CHECK_GRPC_REFUSED(f.branches->CreateBranch(&viewer, BranchRequest("new"), &branch),
                     "NOT_ALLOWED");
  v1::CreateChainRequest new_chain;
  Call owner(f.Token(f.owner));
  CHECK_GRPC_REFUSED(f.chains->CreateChain(&owner, new_chain, &chain), "NOT_ALLOWED");
}

TEST_CASE("a foreign id answers to the letter like an absent one", "[api]") {
  Served f;
  const std::string token = f.Token(f.owner);
  const auto get_branch = [&](const std::string& id) {
    Call call(token);
    v1::GetBranchRequest req;
    req.set_id(id);
    v1::Branch out;
    return f.branches->GetBranch(&call, req, &out);
  };
  const auto get_chain = [&](const Caller& as, const std::string& id) {
    Call call(f.Token(as));
    v1::GetChainRequest req;
    req.set_id(id);
    v1::Chain out;
    return f.chains->GetChain(&call, req, &out);
  };

  const auto foreign = get_branch(f.tel_aviv.id.value());
  const auto absent = get_branch(NewUuid());
  CHECK_GRPC_REFUSED(foreign, "BRANCH_NOT_FOUND");
  CHECK(foreign.error_message() == absent.error_message());
  CHECK(foreign.error_details() == absent.error_details());

  const auto foreign_chain = get_chain(f.owner, f.shufersal.id.value());
  const auto absent_chain = get_chain(f.platform, NewUuid());
  CHECK_GRPC_REFUSED(foreign_chain, "CHAIN_NOT_FOUND");
  CHECK(foreign_chain.error_message() == absent_chain.error_message());
  CHECK(foreign_chain.error_details() == absent_chain.error_details());
}

TEST_CASE("bad input is refused by field", "[api]") {
  Served f;
  const std::string token = f.Token(f.owner);
  const auto field = [](const grpc::Status& status) {
    const auto fields = errors::Fields(rpc::FromGrpc(status));
    return fields.size() == 1 ? fields[0].first : rpc::FromGrpc(status).ToString();
  };

  v1::Branch branch;
  auto req = BranchRequest("new");
  req.mutable_rental_term()->set_seconds(INT64_MAX);
  Call term(token);
  CHECK(field(f.branches->CreateBranch(&term, req, &branch)) == "rental_term");
  req = BranchRequest("new");
  req.set_name(std::string("a\0b", 3));
  Call name(token);
  CHECK(field(f.branches->CreateBranch(&name, req, &branch)) == "name");
  req = BranchRequest("new");
  req.set_time_zone("../../etc/passwd");
  Call zone(token);
  CHECK(field(f.branches->CreateBranch(&zone, req, &branch)) == "time_zone");

  v1::UpdateChainRequest update;
  update.set_id(f.rami.id.value());
  update.set_plan(static_cast<v1::Chain::Plan>(77));
  v1::Chain chain;
  Call plan(f.Token(f.platform));
  CHECK(field(f.chains->UpdateChain(&plan, update, &chain)) == "plan");

  v1::GetBranchRequest get;
  get.set_id("1; DROP TABLE");
  Call id(f.Token(f.platform));
  CHECK(field(f.branches->GetBranch(&id, get, &branch)) == "id");

  v1::ListBranchesRequest list;
  list.set_page_token(PageToken({std::string("\xFF"), NewUuid()}));
  v1::ListBranchesResponse listed;
  Call page(token);
  CHECK(field(f.branches->ListBranches(&page, list, &listed)) == "page_token");
}

}  // namespace
}  // namespace cartwise::tenant
