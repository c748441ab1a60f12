#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "cartwise/base/clock.hpp"
#include "cartwise/rpc/guard.hpp"
#include "cartwise/tenant/v1/api_keys.grpc.pb.h"
#include "domain/credentials.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// ApiKeyService over gRPC. Thread-safe; lives as long as what it is given.
class ApiKeysRpc final : public v1::ApiKeyService::Service {
 public:
  /// `scopes` answers all there are; asked when a key is made.
  ApiKeysRpc(rpc::Guard& guard, TenantDatabase& database, Credentials& credentials,
             std::function<std::set<std::string>()> scopes, const Clock& clock)
      : guard_(guard),
        database_(database),
        credentials_(credentials),
        scopes_(std::move(scopes)),
        clock_(clock) {}

  grpc::Status ListApiKeys(grpc::ServerContext* ctx, const v1::ListApiKeysRequest* req,
                           v1::ListApiKeysResponse* out) override;
  grpc::Status CreateApiKey(grpc::ServerContext* ctx, const v1::CreateApiKeyRequest* req,
                            v1::ApiKey* out) override;
  grpc::Status GetApiKey(grpc::ServerContext* ctx, const v1::GetApiKeyRequest* req,
                         v1::ApiKey* out) override;
  grpc::Status RevokeApiKey(grpc::ServerContext* ctx, const v1::RevokeApiKeyRequest* req,
                            google::protobuf::Empty* out) override;

 private:
  rpc::Guard& guard_;
  TenantDatabase& database_;
  Credentials& credentials_;
  const std::function<std::set<std::string>()> scopes_;
  const Clock& clock_;
};

/// ApiKeyExchangeService over gRPC, for the gateway. Thread-safe; lives as long
/// as what it is given.
class ApiKeyExchangeRpc final : public v1::ApiKeyExchangeService::Service {
 public:
  ApiKeyExchangeRpc(rpc::Guard& guard, TenantDatabase& database, Credentials& credentials,
                    const Clock& clock)
      : guard_(guard), database_(database), credentials_(credentials), clock_(clock) {}

  grpc::Status ExchangeApiKey(grpc::ServerContext* ctx, const v1::ExchangeApiKeyRequest* req,
                              v1::ExchangeApiKeyResponse* out) override;

 private:
  rpc::Guard& guard_;
  TenantDatabase& database_;
  Credentials& credentials_;
  const Clock& clock_;
};

}  // namespace cartwise::tenant
