# A PostgreSQL 15 of our own, never the machine's. The server refuses to run as
# root, so as root it runs as user postgres, in a folder that user can reach.
#
# A cluster is its folder: data/, postgres.log. Two kinds: the fleet's (durable)
# and the throwaway one of the tests.

PG_BIN=/usr/lib/postgresql/15/bin

# as_postgres CMD...: as the user that runs the server. It starts in / because
# that user may not enter our folder.
as_postgres() {
  if is_root; then
    (cd / && exec runuser -u postgres -- "$@")
  else
    (cd / && exec "$@")
  fi
}

# pg_home: the fleet's cluster folder; chosen once and remembered.
pg_home() {
  local home memory=$STATE/pg-home
  if [ ! -s "$memory" ]; then
    home=$STATE/pg
    mkdir -p "$home"
    if is_root && ! as_postgres test -x "$home"; then
      rmdir "$home"
      home=/var/lib/cartwise-dev/$(openssl rand -hex 8)
    fi
    printf '%s\n' "$home" >"$memory"
  fi
  cat "$memory"
}

# pg_create HOME PASSWORD: an empty cluster whose superuser is `postgres`.
pg_create() {
  local home=$1 password=$2
  mkdir -p "$home"
  (umask 077 && printf '%s\n' "$password" >"$home/password")
  ! is_root || chown -R postgres: "$home"
  chmod 700 "$home"
  as_postgres "$PG_BIN/initdb" -D "$home/data" -U postgres --pwfile="$home/password" \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --data-checksums >"/dev/null" ||
    die "initdb could not make a cluster in $home"
  rm -f "$home/password"
}

# pg_start HOME PORT [SETTING=VALUE...]: returns when it accepts connections, non-zero if it does not.
pg_start() {
  local home=$1 port=$2 setting
  shift 2
  local options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories="
  for setting in "$@"; do options+=" -c $setting"; done
  as_postgres "$PG_BIN/pg_ctl" -D "$home/data" -l "$home/postgres.log" -w -t 60 -o "$options" \
    start >/dev/null 2>&1 </dev/null 9>&-
}

# pg_pid HOME: the pid while its server runs, else nothing. A stale pid file may name
# a stranger by now; the server's working folder is its data.
pg_pid() {
  local pid
  pid=$(as_postgres head -n 1 "$1/data/postmaster.pid" 2>/dev/null) || return 0
  if as_postgres test "/proc/$pid/cwd" -ef "$1/data"; then printf '%s' "$pid"; fi
}

pg_running() { [ -n "$(pg_pid "$1")" ]; }

pg_stop() { as_postgres "$PG_BIN/pg_ctl" -D "$1/data" -m fast -w -t 60 stop >/dev/null 2>&1; }

# Sized for 2 cores beside a build; durable as in production.
FLEET_PG_SETTINGS=(max_connections=100 shared_buffers=256MB effective_cache_size=2GB work_mem=8MB
  maintenance_work_mem=64MB wal_compression=on max_wal_size=2GB checkpoint_timeout=15min
  random_page_cost=1.1 jit=off fsync=on synchronous_commit=on password_encryption=scram-sha-256
  log_min_duration_statement=500 timezone=UTC log_timezone=UTC)

start_database() {
  local home
  home=$(pg_home)
  if [ ! -f "$home/data/PG_VERSION" ]; then
    say "making the database cluster in ${home#"$ROOT"/}"
    rm -f "$SECRET_DIR"/pg-*
    pg_create "$home" "$(fleet_password postgres)"
  fi
  if pg_running "$home"; then return; fi
  if port_taken "$CARTWISE_PG_PORT"; then
    die "port $CARTWISE_PG_PORT is in use by another program; set CARTWISE_PG_PORT to a free one"
  fi
  # Left by a crash: the server would not start beside a stranger that has its pid.
  as_postgres rm -f "$home/data/postmaster.pid"
  say "starting PostgreSQL on 127.0.0.1:$CARTWISE_PG_PORT"
  pg_start "$home" "$CARTWISE_PG_PORT" "${FLEET_PG_SETTINGS[@]}" || {
    tail -n 20 "$home/postgres.log" >&2
    die "PostgreSQL did not start; its log is $home/postgres.log"
  }
}

# database_running: that of the fleet.
database_running() { [ -s "$STATE/pg-home" ] && pg_running "$(pg_home)"; }

stop_database() {
  local home
  if database_running; then
    home=$(pg_home)
    pg_stop "$home" || die "PostgreSQL did not stop in 60 s; its log is $home/postgres.log"
    note "postgres stopped"
  fi
}

wipe_database() {
  [ -s "$STATE/pg-home" ] || return 0
  rm -rf "$(pg_home)"
  rm -f "$STATE/pg-home"
}

# db_url ROLE: of the fleet's database.
db_url() { printf 'postgresql://%s:%s@127.0.0.1:%s/cartwise' "$1" "$(fleet_password "$1")" "$CARTWISE_PG_PORT"; }
