#pragma once

#include "cartwise/base/database.hpp"
#include "cartwise/device/v1/commands.grpc.pb.h"
#include "cartwise/rpc/guard.hpp"
#include "domain/staff_commands.hpp"

namespace cartwise::device {

/// CommandService: commands of staff. Translates, nothing else.
class CommandsRpc final : public v1::CommandService::Service {
 public:
  CommandsRpc(rpc::Guard& guard, Database<Store>& database, StaffCommands& commands)
      : guard_(guard), database_(database), commands_(commands) {}

  grpc::Status CreateCommand(grpc::ServerContext* ctx, const v1::CreateCommandRequest* req,
                             v1::Command* out) override;
  grpc::Status ListCommands(grpc::ServerContext* ctx, const v1::ListCommandsRequest* req,
                            v1::ListCommandsResponse* out) override;
  grpc::Status GetCommand(grpc::ServerContext* ctx, const v1::GetCommandRequest* req,
                          v1::Command* out) override;

 private:
  rpc::Guard& guard_;
  Database<Store>& database_;
  StaffCommands& commands_;
};

/// What the database stored is told from what was wished by its meaning: it writes JSON its own
/// way.
bool SameJson(const std::string& one, const std::string& other);

/// CommandExecutionService: commands of other services.
class CommandExecutionRpc final : public v1::CommandExecutionService::Service {
 public:
  CommandExecutionRpc(rpc::Guard& guard, Commands& commands) : guard_(guard), commands_(commands) {}

  grpc::Status Execute(grpc::ServerContext* ctx, const v1::ExecuteRequest* req,
                       grpc::ServerWriter<v1::Command>* out) override;
  grpc::Status LookUpCommand(grpc::ServerContext* ctx, const v1::LookUpCommandRequest* req,
                             v1::Command* out) override;

 private:
  rpc::Guard& guard_;
  Commands& commands_;
};

}  // namespace cartwise::device
