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

BaseBackup::BaseBackup(const std::string& superuser_url) : home_(MakeFolder()) {
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

int BaseBackup::Start() {
  const int port = FreePort();
  if (!Run("pg_start $HOME_OF_COPY " + std::to_string(port) + " fsync=off")) {
    Run("tail -n 20 $HOME_OF_COPY/postgres.log >&2");
    std::abort();
  }
  return port;
}

bool BaseBackup::Run(const std::string& commands) const {
  const std::string script = "set -e; ROOT=" CARTWISE_SOURCE_DIR "; HOME_OF_COPY=" + home_ +
                             "; source $ROOT/tools/front_door/common.sh; "
                             "source $ROOT/tools/front_door/postgres.sh; " +
                             commands;
  return std::system(("bash -c '" + script + "'").c_str()) == 0;
}

}  // namespace cartwise::fleet
