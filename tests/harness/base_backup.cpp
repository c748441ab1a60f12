#include "harness/base_backup.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "harness/process.hpp"

namespace cartwise::fleet {
namespace {

std::string MakeFolder() {
  char path[] = "/tmp/cw-backup-XXXXXX";
  if (mkdtemp(path) == nullptr) std::abort();
  return path;
}

}  // namespace

BaseBackup::BaseBackup(const std::string& superuser_url)
    : home_(MakeFolder()), superuser_url_(superuser_url) {
  const bool copied =
      Run("if is_root; then chown postgres: $HOME_OF_COPY; fi; "
          "as_postgres $PG_BIN/pg_basebackup --pgdata=$HOME_OF_COPY/data --wal-method=stream "
          "--checkpoint=fast --no-sync --dbname=" +
          superuser_url);
  if (!copied) {
    std::fprintf(stderr, "pg_basebackup failed\n");
    std::abort();
  }
}

BaseBackup::~BaseBackup() {
  Run("if pg_running $HOME_OF_COPY; then pg_stop $HOME_OF_COPY; fi; rm -rf $HOME_OF_COPY");
}

int BaseBackup::Start(const std::string& certs) {
  certs_ = certs;
  port_ = FreePort();
  const bool started = Run(R"sh(
    make_certificate db.example.test
    cp $CERT_DIR/db.example.test.pem $HOME_OF_COPY/data/server.crt
    cp $CERT_DIR/db.example.test.key $HOME_OF_COPY/data/server.key
    echo "hostssl all all 127.0.0.1/32 scram-sha-256" >$HOME_OF_COPY/data/pg_hba.conf
    ! is_root || chown -R postgres: $HOME_OF_COPY/data
    pg_start $HOME_OF_COPY $PORT fsync=off ssl=on)sh");
  if (!started) {
    Run("tail -n 20 $HOME_OF_COPY/postgres.log >&2");
    std::abort();
  }
  return port_;
}

bool BaseBackup::MigrateAnew() const {
  return Run(R"sh(
    cd $ROOT
    tls="sslmode=verify-full&sslrootcert=$CERT_DIR/ca.pem"
    superuser=${SUPERUSER_URL%@*}@localhost:$PORT
    psql_at "$superuser/postgres?$tls" -c "create database anew"
    psql_at "$superuser/anew?$tls" -f tools/front_door/sql/bootstrap_schemas.sql
    for schema in tenant device rental telemetry; do
      owner=cartwise_${schema}_owner
      DATABASE_URL="postgresql://$owner:$owner@localhost:$PORT/anew?$tls" \
        node_modules/.bin/dbmate --migrations-dir services/$schema-svc/migrations \
        --migrations-table $schema.schema_migrations --no-dump-schema migrate --strict
    done)sh");
}

bool BaseBackup::Run(const std::string& commands) const {
  const std::string script =
      "set -e; ROOT=" CARTWISE_SOURCE_DIR
      "; for part in common postgres certs migrate; do source $ROOT/tools/front_door/$part.sh; done"
      "; HOME_OF_COPY=" +
      home_ + "; CERT_DIR=" + certs_ + "; PORT=" + std::to_string(port_) +
      "; SUPERUSER_URL=" + superuser_url_ + "; " + commands;
  return std::system(("bash -c '" + script + "'").c_str()) == 0;
}

}  // namespace cartwise::fleet
