#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cartwise/testing/database.hpp"
#include "harness/process.hpp"
#include "harness/rest.hpp"

namespace cartwise::fleet {

/// The five services as real processes with mutual TLS over a fresh database,
/// and a signed-in platform admin. Everything ends with it.
class Fleet {
 public:
  /// `settings` are added to the environment of every service.
  explicit Fleet(std::map<std::string, std::string> settings = {});
  /// Removes the folder unless CARTWISE_KEEP_FLEET is set.
  ~Fleet();

  /// Starts a service ("rental-svc") and waits until it is ready.
  void Start(const std::string& service);
  /// Starts a further replica of a service under a name of its own, with these
  /// settings instead of the fleet's, and waits until it is ready.
  void StartReplica(const std::string& service, const std::string& name,
                    const std::map<std::string, std::string>& settings);
  /// Ends it with this signal and reaps it.
  void Stop(const std::string& service, int signal);
  /// Ends every service and starts it again on a PostgreSQL server that has the same database
  /// and roles, listens at this port of loopback, and is treated as one on another machine:
  /// by TLS, as db.example.test. `database` stays where it was.
  void MoveTo(int database_port);
  /// Runs a command of a service's program with the service's environment to its
  /// end; what it says goes to `log`. The exit code.
  int Command(const std::string& service, const std::vector<std::string>& arguments,
              const std::string& log) const;
  pid_t PidOf(const std::string& service) { return services_[service].pid(); }

  /// A client without a token.
  Rest Anonymous() const { return Rest(http_); }
  /// Signs in; aborts when that fails.
  Rest SignIn(const std::string& email, const std::string& password) const;
  Rest& platform() { return *platform_; }

  int grpc_port() const { return ports_.at("gateway-grpc"); }
  int PortOf(const std::string& name) const { return ports_.at(name); }
  std::string ca() const { return folder_ + "/certs/ca.pem"; }
  /// For sockets, logs, agents' state.
  const std::string& folder() const { return folder_; }
  std::string LogOf(const std::string& process) const { return folder_ + "/" + process + ".log"; }

  testing::Database database;

 private:
  std::map<std::string, std::string> EnvironmentOf(const std::string& service) const;
  void StartAs(const std::string& service, const std::string& name,
               const std::map<std::string, std::string>& env);
  void MakePlatformAdmin();

  std::map<std::string, std::string> settings_;
  int database_port_ = 0;  ///< 0: that of `database`
  std::string folder_;
  std::string http_;
  std::map<std::string, int> ports_;
  std::map<std::string, Process> services_;
  std::unique_ptr<Rest> platform_;
};

/// Path of a built program.
std::string Program(const std::string& name);

}  // namespace cartwise::fleet
