#pragma once

#include <grpcpp/grpcpp.h>

#include "adapters/credentials.hpp"
#include "adapters/otp_secrets.hpp"
#include "api/api_keys_rpc.hpp"
#include "api/auth_rpc.hpp"
#include "api/branches_rpc.hpp"
#include "api/chains_rpc.hpp"
#include "api/enrollment_keys_rpc.hpp"
#include "api/otp_rpc.hpp"
#include "api/users_rpc.hpp"
#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/rpc/status.hpp"
#include "domain/api_keys.hpp"
#include "domain/otp_ports_fake.hpp"
#include "storage/fixture_pgtest.hpp"
#include "storage/pg_otp_store.hpp"

namespace cartwise::tenant {

/// The service over gRPC, in one process: handlers, guard, use cases, store.
struct Served : TwoChains {
  auth::SigningKey key = auth::NewTestKey("tenant-test");
  auth::TokenVerifier tokens{auth::KeySet::FromPem({{key.id(), key.PublicPem()}}).value(), clock};
  SignedCredentials signed_credentials{auth::Signing(key)};
  PasswordCheck signed_check{database, signed_credentials, secrets, clock};
  SecondFactors signed_factors{database, signed_check, factors, signed_credentials, secrets, clock};
  Sessions signed_sessions{database,     signed_credentials, secrets,
                           signed_check, signed_factors,     clock};
  rpc::Guard guard{tokens, server.metrics};
  std::atomic<int> announced = 0;

  Passwords passwords{database, signed_credentials, signed_sessions, signed_factors, clock};
  AuthRpc auth_rpc{guard, signed_sessions, passwords, database, clock};
  ChainsRpc chains_rpc{guard, database, clock, [this] { ++announced; }};
  BranchesRpc branches_rpc{guard, database, clock, [this] { ++announced; }};
  EnrollmentKeysRpc keys_rpc{guard, database, signed_credentials, clock};
  UsersRpc users_rpc{guard, database, signed_credentials, passwords, clock};
  ApiKeysRpc api_keys_rpc{guard, database, signed_credentials,
                          [] { return std::set<std::string>{"branches:read"}; }, clock};
  ApiKeyExchangeRpc exchange_rpc{guard, database, signed_credentials, clock};
  pg::DatabaseOf<OtpStore, PgOtpStore> otp_database{*pool, "tenant"};
  KeyedOtpSecrets otp_secrets = KeyedOtpSecrets::FromKeys(std::string(64, 'a')).value();
  FakeSms sms;
  FakeOtpWatch watch;
  OneTimeCodes codes{{database, otp_database, otp_secrets, signed_credentials, sms, watch, clock},
                     OtpLimits()};
  OtpRpc otp_rpc{guard, codes, database, clock};
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

/// One call's context: who calls, under which Idempotency-Key.
struct Call : grpc::ClientContext {
  explicit Call(const std::string& token = "", const std::string& key = "") {
    if (!token.empty()) AddMetadata("authorization", "Bearer " + token);
    if (!key.empty()) AddMetadata("idempotency-key", key);
  }
};

inline v1::CreateBranchRequest BranchRequest(const std::string& code) {
  v1::CreateBranchRequest req;
  req.set_name("Branch " + code);
  req.set_branch_code(code);
  return req;
}

#define CHECK_GRPC_REFUSED(call, reason) CHECK_REFUSED(rpc::FromGrpc(call), reason)

}  // namespace cartwise::tenant
