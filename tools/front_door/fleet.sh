# up, down, status, logs.

cmd_up() {
  local detach=
  case "${1:-}" in
    --detach | -d) detach=yes ;;
    '') ;;
    *) die "up knows --detach, not '$1'" ;;
  esac
  local began=$SECONDS
  check_demo
  cmd_setup
  build_targets "${PROGRAMS[@]}"
  make_state_dirs
  with_fleet_lock
  # What runs was started with the saved addresses; without anything running they are stale.
  if [ -n "$(running_like '*')" ] || database_running; then check_settings; else forget_settings; fi
  load_settings
  # Both before anything starts: a taken port can still be moved then, and an up
  # that is broken off leaves nothing at forgotten addresses.
  check_service_ports
  save_settings
  make_identities
  start_database
  say "migrating"
  migrate_fleet
  start_services
  start_demo
  fleet_unlock
  print_welcome "$((SECONDS - began))"
  [ -n "$detach" ] || stay_with_logs
}

# Ctrl-C, a closed terminal or a TERM brings the fleet down.
stay_with_logs() {
  local follower
  say "following the logs; Ctrl-C stops the fleet (use up --detach to leave it running)"
  tail -n 0 -q -F "$LOG_DIR"/*-svc.log "$LOG_DIR"/agent-*.log 2>/dev/null &
  follower=$!
  # The trap only ends the wait: down runs once, outside of a signal handler.
  trap 'kill "$follower" 2>/dev/null || true' INT TERM HUP
  wait "$follower" || true
  trap '' INT TERM HUP
  cmd_down
}

cmd_down() {
  local wipe=
  case "${1:-}" in
    --wipe) wipe=yes ;;
    '') ;;
    *) die "down knows --wipe, not '$1'" ;;
  esac
  if [ ! -d "$STATE" ]; then
    say "nothing is running"
    return
  fi
  make_state_dirs
  with_fleet_lock
  load_settings
  local -a shoppers agents boards
  mapfile -t shoppers < <(running_like 'shoppers')
  mapfile -t agents < <(running_like 'agent-*')
  mapfile -t boards < <(running_like 'board-*')
  say "stopping the fleet"
  # From the outside in, so that nobody calls what is gone.
  stop_processes 5 "${shoppers[@]}"
  stop_processes 10 "${agents[@]}"
  stop_processes 5 "${boards[@]}"
  stop_processes 15 gateway-svc
  stop_processes 20 rental-svc device-svc
  stop_processes 20 tenant-svc telemetry-svc
  stop_database
  forget_settings
  if [ -n "$wipe" ]; then
    wipe_database
    rm -rf "$STATE"
    note "its data is deleted"
  fi
  fleet_unlock
}

status_line() {
  local name=$1 pid=$2 state=$3 where=$4 up rss
  if [ -z "$pid" ]; then
    printf '%-18s %-10s\n' "$name" stopped
    return
  fi
  read -r up rss < <(ps -o etime=,rss= -p "$pid")
  printf '%-18s %-10s %8s %12s %7s MB  %s\n' "$name" "$state" "$pid" "$up" "$((rss / 1024))" "$where"
}

cmd_status() {
  local name pid state home failed=0
  load_settings
  printf 'CartWise Cloud %s\n\n' "$(version)"
  printf '%-18s %-10s %8s %12s %10s  %s\n' PROCESS STATE PID UP MEMORY ADDRESS
  home=$(cat "$STATE/pg-home" 2>/dev/null || true)
  pid=
  [ -z "$home" ] || pid=$(pg_pid "$home")
  status_line postgres "$pid" running "127.0.0.1:$CARTWISE_PG_PORT ($("$PG_BIN/postgres" --version 2>/dev/null))"
  for name in "${SERVICES[@]}"; do
    pid=$(pid_of "$name")
    state=ready
    service_ready "$name" || { state='NOT READY' && failed=1; }
    status_line "$name" "$pid" "$state" "$(service_address "$name")"
  done
  while read -r name; do
    [ -z "$name" ] || status_line "$name" "$(pid_of "$name")" running ''
  done < <(running_like 'board-*' && running_like 'agent-*' && running_like shoppers)
  [ "$failed" -eq 0 ] || exit 90
}

service_address() {
  local name=${1%-svc}
  if [ "$name" = gateway ]; then
    printf 'http://%s grpc %s metrics %s' "$CARTWISE_GATEWAY_HTTP_LISTEN" "$CARTWISE_GATEWAY_GRPC_LISTEN" \
      "$CARTWISE_GATEWAY_METRICS_LISTEN"
  else
    local listen=CARTWISE_${name^^}_LISTEN
    printf 'grpc %s metrics %s' "${!listen}" "$(metrics_address "$1")"
    [ "$name" != device ] || printf ' streams %s' "$CARTWISE_DEVICE_STREAMS_LISTEN"
  fi
}

version() {
  local commit
  commit=$(git -C "$ROOT" describe --always --dirty 2>/dev/null || echo unknown)
  printf '%s (%s)' "$(sed -n 's/^project(cartwise VERSION \([0-9.]*\).*/\1/p' "$ROOT/CMakeLists.txt")" "$commit"
}

cmd_logs() {
  local name=${1:-} home
  local -a files
  if [ "$name" = postgres ]; then
    home=$(cat "$STATE/pg-home" 2>/dev/null) || die "there is no database yet; ./cartwise up makes it"
    files=("$home/postgres.log")
  elif [ -n "$name" ]; then
    files=("$LOG_DIR/$name.log")
    [ -f "${files[0]}" ] || die "there is no log of '$name'; there are: $(list_logs) postgres"
  else
    files=("$LOG_DIR"/*.log)
    [ -f "${files[0]}" ] || die "there are no logs yet; ./cartwise up starts the fleet"
  fi
  # Followed by a person, printed once for a pipe.
  if [ -t 1 ]; then
    exec tail -n 50 -F "${files[@]}"
  else
    tail -n 200 "${files[@]}"
  fi
}

list_logs() { (cd "$LOG_DIR" 2>/dev/null && printf '%s\n' *.log | sed 's/\.log$//' | tr '\n' ' '); }
