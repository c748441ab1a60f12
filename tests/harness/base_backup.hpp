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

  /// Starts it as a server of its own that lets in only who comes over TLS, with a certificate
  /// for db.example.test and localhost by the authority in the folder `certs`; its port on
  /// 127.0.0.1.
  int Start(const std::string& certs);
  /// Migrates an empty database of it, as docs/development.md says for one on another machine.
  bool MigrateAnew() const;

 private:
  bool Run(const std::string& commands) const;

  std::string home_, superuser_url_, certs_;
  int port_ = 0;
};

}  // namespace cartwise::fleet
