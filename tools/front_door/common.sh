# What every part needs: where things live, how we speak, and one lock.

STATE=$ROOT/.cartwise
RUN_DIR=$STATE/run
LOG_DIR=$STATE/log
CERT_DIR=$STATE/certs
KEY_DIR=$STATE/keys
SECRET_DIR=$STATE/secrets
BIN_DIR=$ROOT/build/dev/bin

SERVICES=(tenant-svc device-svc rental-svc telemetry-svc gateway-svc)
# Those that own a schema, by its name.
SCHEMAS=(tenant device rental telemetry)

say() { if [ -t 1 ]; then printf '\033[1m==> %s\033[0m\n' "$*"; else printf '==> %s\n' "$*"; fi; }
note() { printf '    %s\n' "$*"; }
# 90 tells say_unexpected that the reason has been said; the caller sees 1.
die() {
  printf 'cartwise: %s\n' "$*" >&2
  exit 90
}

# A command failed where nobody expected it: at least say where.
say_unexpected() {
  [ $? -eq 90 ] ||
    printf 'cartwise: unexpected failure in %s, line %s: %s\n' "${BASH_SOURCE[1]##*/}" "${BASH_LINENO[0]}" \
      "$BASH_COMMAND" >&2
}

# What must happen however we leave; parts set AT_EXIT.
AT_EXIT=
leave() {
  local code=$?
  trap - ERR
  [ -z "$AT_EXIT" ] || "$AT_EXIT" || true
  [ "$code" -ne 90 ] || code=1
  exit "$code"
}

is_root() { [ "$(id -u)" -eq 0 ]; }

# as_root CMD...: through sudo when we are an ordinary user.
as_root() {
  if is_root; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root and there is no sudo; run as root: $*"
  fi
}

# Folders of the running fleet. .cartwise itself can be crossed, not listed, by
# others: as root the database runs as user postgres inside it.
make_state_dirs() {
  mkdir -p "$STATE" "$RUN_DIR" "$LOG_DIR" "$CERT_DIR" "$KEY_DIR/private" "$KEY_DIR/public" \
    "$SECRET_DIR" "$STATE/state"
  chmod 711 "$STATE"
  chmod 700 "$RUN_DIR" "$LOG_DIR" "$CERT_DIR" "$KEY_DIR" "$SECRET_DIR" "$STATE/state"
}

# with_fleet_lock: one up or down at a time. Held (fd 9) until the script ends or unlocks.
with_fleet_lock() {
  exec 9>"$RUN_DIR/lock"
  flock -n 9 || {
    note "another ./cartwise up or down is at work; waiting for it"
    flock -w 900 9 || die "the other one did not finish in 15 minutes; see .cartwise/log"
  }
}
fleet_unlock() { exec 9>&-; }

# secret NAME: prints the stored secret, made up at its first use.
secret() {
  local file=$SECRET_DIR/$1
  [ -s "$file" ] || (umask 077 && openssl rand -hex 20 >"$file")
  cat "$file"
}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The value in words a person reads: 75 -> 1m15s.
duration() {
  if [ "$1" -ge 60 ]; then printf '%dm%02ds' $(($1 / 60)) $(($1 % 60)); else printf '%ds' "$1"; fi
}
