// The service over gRPC, in one process: handlers, guard, use cases, store.
#include <grpcpp/grpcpp.h>

#include "api/api_keys_rpc.hpp"
#include "api/auth_rpc.hpp"
#include "api/branches_rpc.hpp"
#include "api/chains_rpc.hpp"
#include "api/enrollment_keys_rpc.hpp"
#include "api/otp_rpc.hpp"
#include "api/users_rpc.hpp"
#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/rpc/status.hpp"
#include "credentials.hpp"
#include "domain/api_keys.hpp"
#include "domain/otp_ports_fake.hpp"
#include "otp_secrets.hpp"
#include "storage/fixture_pgtest.hpp"
#include "storage/pg_otp_store.hpp"

namespace cartwise::tenant {
namespace {

struct Served : TwoChains {
  auth::SigningKey key = auth::NewTestKey("tenant-test");
  auth::TokenVerifier tokens{auth::KeySet::FromPem({{key.id(), key.PublicPem()}}).value(), clock};
  SignedCredentials signed_credentials{auth::Signing(key)};
  Sessions signed_sessions{database, signed_credentials, secrets, clock};
  rpc::Guard guard{tokens, server.metrics};
  std::atomic<int> announced = 0;

  Passwords passwords{database, signed_credentials, signed_sessions, clock};
  AuthRpc auth_rpc{guard, signed_sessions, passwords, database, clock};
  ChainsRpc chains_rpc{guard, database, clock, [this] { ++announced; }};
  BranchesRpc branches_rpc{guard, database, clock, [this] { ++announced; }};
  EnrollmentKeysRpc keys_rpc{guard, database, signed_credentials, clock};
  UsersRpc users_rpc{guard, database, signed_credentials, clock};
  ApiKeysRpc api_keys_rpc{guard, database, signed_credentials,
                          [] { return std::set<std::string>{"branches:read"}; }, clock};
  ApiKeyExchangeRpc exchange_rpc{guard, database, signed_credentials, clock};
  pg::DatabaseOf<OtpStore, PgOtpStore> otp_database{*pool, "tenant"};
  KeyedOtpSecrets otp_secrets = KeyedOtpSecrets::FromKeys(std::string(64, 'a')).value();
  FakeSms sms;
  FakeOtpWatch watch;
  OneTimeCodes codes{{database, otp_database, otp_secrets, signed_credentials, sms, watch, clock},
                     OtpLimits()};
  OtpRpc otp_rpc{guard, codes};
  std::unique_ptr<grpc::Server> grpc_server = Start();
  std::shared_ptr<grpc::Channel> channel = grpc_server->InProcessChannel({});

  std::unique_ptr<v1::AuthService::Stub> sign_in = v1::AuthService::NewStub(channel);
  std::unique_ptr<v1::ChainService::Stub> chains = v1::ChainService::NewStub(channel);
  std::unique_ptr<v1::BranchService::Stub> branches = v1::BranchService::NewStub(channel);
  std::unique_ptr<v1::EnrollmentKeyService::Stub> keys = v1::EnrollmentKeyService::NewStub(channel);
  std::unique_ptr<v1::UserService::Stub> users = v1::UserService::NewStub(channel);

  std::unique_ptr<v1::ApiKeyService::Stub> api_keys = v1::ApiKeyService::NewStub(channel);
  std::unique_ptr<v1::OtpService::Stub> otp = v1::OtpService::NewStub(channel);

  std::string Token(const Caller& caller) {
    return signed_credentials.AccessToken(caller, clock.Now(), absl::Minutes(15));
  }

 private:
  std::unique_ptr<grpc::Server> Start() {
    grpc::ServerBuilder builder;
    for (grpc::Service* service : std::initializer_list<grpc::Service*>{
             &auth_rpc, &chains_rpc, &branches_rpc, &keys_rpc, &users_rpc, &api_keys_rpc,
             &exchange_rpc, &otp_rpc}) {
      builder.RegisterService(service);
    }
    return builder.BuildAndStart();
  }
};

// One call's context: who calls, under which Idempotency-Key.
struct Call : grpc::ClientContext {
  explicit Call(const std::string& token = "", const std::string& key = "") {
    if (!token.empty()) AddMetadata("authorization", "Bearer " + token);
    if (!key.empty()) AddMetadata("idempotency-key", key);
  }
};

v1::CreateBranchRequest BranchRequest(const std::string& code) {
  v1::CreateBranchRequest req;
  req.set_name("Branch " + code);
  req.set_branch_code(code);
  return req;
}

#define CHECK_GRPC_REFUSED(call, reason) CHECK_REFUSED(rpc::FromGrpc(call), reason)

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

TEST_CASE("the secret of an enrolment key is shown once and stored nowhere", "[api]") {
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
  req.set_password("the first password");
  v1::User first, again, other;

  Call call(token, "key-1");
  REQUIRE(f.users->CreateUser(&call, req, &first).ok());
  req.set_password("the second password");
  Call repeat(token, "key-1");
  REQUIRE(f.users->CreateUser(&repeat, req, &again).ok());
  CHECK(again.id() == first.id());

  req.set_role("ADMIN");
  Call reused(token, "key-1");
  CHECK_GRPC_REFUSED(f.users->CreateUser(&reused, req, &other), "IDEMPOTENCY_KEY_REUSED");
}

TEST_CASE("staff are looked at, changed and deactivated by id", "[api]") {
  Served f;
  const std::string token = f.Token(f.owner);
  const auto made = f.NewUser(f.owner, "a@x.example", Role::kViewer);
  REQUIRE_OK(made);

  v1::UpdateUserRequest change;
  change.set_id(made->id.value());
  change.set_role("OPERATOR");
  change.add_branch_ids(f.haifa.id.value());
  v1::User changed, seen;
  Call changing(token);
  REQUIRE(f.users->UpdateUser(&changing, change, &changed).ok());
  CHECK(changed.role() == "OPERATOR");
  CHECK(changed.branch_ids_size() == 1);
  CHECK(changed.name() == "Somebody");

  v1::DeleteUserRequest deletion;
  deletion.set_id(made->id.value());
  google::protobuf::Empty nothing;
  Call deleting(token);
  REQUIRE(f.users->DeleteUser(&deleting, deletion, &nothing).ok());

  v1::GetUserRequest get;
  get.set_id(made->id.value());
  Call looking(token);
  REQUIRE(f.users->GetUser(&looking, get, &seen).ok());
  CHECK_FALSE(seen.active());
  CHECK(seen.role() == "OPERATOR");

  change.set_role("EMPEROR");
  Call unknown(token);
  CHECK_GRPC_REFUSED(f.users->UpdateUser(&unknown, change, &changed), "INVALID_FIELD");
  Call foreign(f.Token(f.stranger));
  CHECK_GRPC_REFUSED(f.users->GetUser(&foreign, get, &seen), "USER_NOT_FOUND");
}

TEST_CASE("who is made without a password sets it by a link that is shown once", "[api]") {
  Served f;
  const std::string token = f.Token(f.owner);
  v1::CreateUserRequest req;
  req.set_email("a@x.example");
  req.set_name("A");
  req.set_role("VIEWER");
  v1::User made, again;
  Call call(token, "key-1");
  REQUIRE(f.users->CreateUser(&call, req, &made).ok());
  Call repeat(token, "key-1");
  REQUIRE(f.users->CreateUser(&repeat, req, &again).ok());
  CHECK(made.password_link().secret().rfind("cwpl_", 0) == 0);
  CHECK(again.id() == made.id());
  CHECK_FALSE(again.has_password_link());

  v1::LoginRequest login;
  login.set_email("a@x.example");
  login.set_password("a long password");
  v1::Session session;
  Call too_early;
  CHECK_GRPC_REFUSED(f.sign_in->Login(&too_early, login, &session), "BAD_CREDENTIALS");

  v1::CreatePasswordLinkRequest another;
  another.set_id(made.id());
  v1::PasswordLink link, link_again;
  Call asking(token, "key-2");
  REQUIRE(f.users->CreatePasswordLink(&asking, another, &link).ok());
  Call asking_again(token, "key-2");
  REQUIRE(f.users->CreatePasswordLink(&asking_again, another, &link_again).ok());
  CHECK(link_again.secret().empty());
  CHECK(f.Count("tenant.idempotency_keys WHERE position('cwpl_'::bytea IN answer) > 0") == 0);

  v1::SetPasswordRequest set;
  set.set_new_password("a long password");
  google::protobuf::Empty nothing;
  set.set_link_secret(made.password_link().secret());
  Call replaced;
  CHECK_GRPC_REFUSED(f.sign_in->SetPassword(&replaced, set, &nothing), "LINK_INVALID");
  set.set_link_secret(link.secret());
  Call setting;
  REQUIRE(f.sign_in->SetPassword(&setting, set, &nothing).ok());
  Call signing_in;
  REQUIRE(f.sign_in->Login(&signing_in, login, &session).ok());

  v1::ListSignInsResponse listed;
  Call listing(session.access_token());
  REQUIRE(f.sign_in->ListSignIns(&listing, {}, &listed).ok());
  REQUIRE(listed.sign_ins_size() == 1);
  CHECK(listed.sign_ins(0).created_at().seconds() == absl::ToUnixSeconds(f.clock.Now()));
  v1::EndSignInRequest end;
  end.set_id(listed.sign_ins(0).id());
  Call ending(session.access_token());
  REQUIRE(f.sign_in->EndSignIn(&ending, end, &nothing).ok());
  v1::EndUserSignInsRequest end_all;
  end_all.set_id(made.id());
  Call ending_all(token);
  REQUIRE(f.users->EndUserSignIns(&ending_all, end_all, &nothing).ok());
  CHECK(f.Count("tenant.sign_ins WHERE revoked_reason = 'ended by its user'") == 1);

  v1::ChangePasswordRequest change;
  change.set_old_password("a long password");
  change.set_new_password("a longer password");
  Call changing(session.access_token());
  REQUIRE(f.sign_in->ChangePassword(&changing, change, &session).ok());
  CHECK(session.expires_in() == 900);
  Call nobody;
  CHECK_GRPC_REFUSED(f.sign_in->ChangePassword(&nobody, change, &session), "SIGN_IN_REQUIRED");
}

TEST_CASE("an API key is made, shown once, listed, used and revoked", "[api]") {
  Served f;
  const auto boss = f.NewUser(f.platform, "boss@x.example", Role::kOwner, {}, f.rami.id);
  REQUIRE_OK(boss);
  const std::string token = f.Token(boss->AsCaller());
  v1::CreateApiKeyRequest req;
  req.set_name("till");
  req.set_role("VIEWER");
  req.add_scopes("branches:read");
  v1::ApiKey made, again, seen;
  Call endless(token);
  CHECK_GRPC_REFUSED(f.api_keys->CreateApiKey(&endless, req, &made), "INVALID_FIELD");
  req.mutable_expires_at()->set_seconds(absl::ToUnixSeconds(f.clock.Now() + absl::Hours(1)));

  Call call(token, "key-1");
  REQUIRE(f.api_keys->CreateApiKey(&call, req, &made).ok());
  Call repeat(token, "key-1");
  REQUIRE(f.api_keys->CreateApiKey(&repeat, req, &again).ok());
  CHECK(again.id() == made.id());
  CHECK(again.key().empty());
  CHECK(f.Count("tenant.idempotency_keys WHERE position('cwak_'::bytea IN answer) > 0") == 0);

  v1::ListApiKeysResponse listed;
  Call listing(token);
  REQUIRE(f.api_keys->ListApiKeys(&listing, {}, &listed).ok());
  REQUIRE(listed.api_keys_size() == 1);
  CHECK(listed.api_keys(0).key().empty());
  CHECK(listed.api_keys(0).created_by() == boss->id.value());
  CHECK(made.key().substr(made.key().size() - 4) == listed.api_keys(0).last_characters());

  // Whoever is no service, the exchange is not for; neither is the rest for a key.
  v1::ExchangeApiKeyRequest exchange;
  exchange.set_key(made.key());
  v1::ExchangeApiKeyResponse exchanged;
  const auto exchanges = v1::ApiKeyExchangeService::NewStub(f.channel);
  Call stranger(token);
  CHECK_GRPC_REFUSED(exchanges->ExchangeApiKey(&stranger, exchange, &exchanged), "NOT_ALLOWED");
  const auto worth = f.Do(Caller::Service("gateway-svc"), [&](Store& store, const Caller&) {
    return ExchangeApiKey(store, f.signed_credentials, made.key(), f.clock.Now());
  });
  REQUIRE_OK(worth);
  v1::ListBranchesResponse branches;
  Call using_it(worth->token);
  REQUIRE(f.branches->ListBranches(&using_it, {}, &branches).ok());
  CHECK(branches.branches_size() == 2);
  v1::ListUsersResponse people;
  Call prying(worth->token);
  CHECK_GRPC_REFUSED(f.users->ListUsers(&prying, {}, &people), "NOT_ALLOWED");
  Call breeding(worth->token);
  CHECK_GRPC_REFUSED(f.api_keys->CreateApiKey(&breeding, req, &again), "NOT_ALLOWED");

  v1::RevokeApiKeyRequest revoke;
  revoke.set_id(made.id());
  google::protobuf::Empty nothing;
  Call foreign(f.Token(f.stranger));
  CHECK_GRPC_REFUSED(f.api_keys->RevokeApiKey(&foreign, revoke, &nothing), "API_KEY_NOT_FOUND");
  Call revoking(token);
  REQUIRE(f.api_keys->RevokeApiKey(&revoking, revoke, &nothing).ok());
  v1::GetApiKeyRequest get;
  get.set_id(made.id());
  Call looking(token);
  REQUIRE(f.api_keys->GetApiKey(&looking, get, &seen).ok());
  CHECK(seen.has_revoked_at());
  CHECK(seen.has_last_used_at());
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

TEST_CASE("a shopper signs in by a code, as the same person every time", "[api]") {
  Served f;
  const auto sign_in = [&](const std::string& phone, const BranchId& branch) {
    v1::RequestOtpRequest request;
    request.set_user_phone(phone);
    request.set_branch_id(branch.value());
    v1::RequestOtpResponse sent;
    Call requesting("", "key-1");
    REQUIRE(f.otp->RequestOtp(&requesting, request, &sent).ok());
    CHECK(sent.resend_after_seconds() == 60);
    CHECK(sent.expires_in() == 300);

    v1::VerifyOtpRequest verify;
    verify.set_user_phone(phone);
    verify.set_branch_id(branch.value());
    verify.set_code(f.sms.sent().back().code);
    v1::ShopperSession session;
    Call verifying;
    REQUIRE(f.otp->VerifyOtp(&verifying, verify, &session).ok());
    CHECK(session.token_type() == "Bearer");
    CHECK(session.expires_in() == 30 * 24 * 3600);
    const auto caller = f.tokens.Verify(session.access_token());
    REQUIRE_OK(caller);
    f.clock.Advance(absl::Hours(2));
    return *caller;
  };

  const Caller first = sign_in("050-234-5678", f.haifa.id);
  CHECK(first.principal == Principal::kShopper);
  CHECK(first.phone == "+972502345678");
  CHECK(first.chain == f.rami.id);
  CHECK(IsUuid(first.subject));
  CHECK(sign_in("+972502345678", f.jerusalem.id).subject == first.subject);
  CHECK(sign_in("+972502345679", f.haifa.id).subject != first.subject);
  const Caller elsewhere = sign_in("+972502345678", f.tel_aviv.id);
  CHECK(elsewhere.subject != first.subject);
  CHECK(elsewhere.chain == f.shufersal.id);

  v1::VerifyOtpRequest again;
  again.set_user_phone("0502345678");
  again.set_branch_id(f.haifa.id.value());
  again.set_code(f.sms.sent().back().code);
  v1::ShopperSession none;
  Call replay;
  CHECK_GRPC_REFUSED(f.otp->VerifyOtp(&replay, again, &none), "CODE_INVALID");
  CHECK(f.Count("tenant.idempotency_keys") == 0);
}

}  // namespace
}  // namespace cartwise::tenant
