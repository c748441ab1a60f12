#include "api_fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

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
  end.set_password(login.password());
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
