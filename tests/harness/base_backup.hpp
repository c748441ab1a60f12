#pragma once

#include <string>

namespace cartwise::fleet {

/// A copy of a running PostgreSQL server by pg_basebackup, as it was when this was
/// made. Stopped and deleted with it; aborts when PostgreSQL's tools fail.
class BaseBackup {
 public:
  /// `superuser_url` of any database of the server.
  explicit BaseBackup(const std::string& superuser_url);
  ~BaseBackup();
  BaseBackup(const BaseBackup&) = delete;
  BaseBackup& operator=(const BaseBackup&) = delete;

  /// Starts it as a server of its own; its port on 127.0.0.1.
  int Start();

 private:
  bool Run(const std::string& commands) const;

  std::string home_;
};

}  // namespace cartwise::fleet
