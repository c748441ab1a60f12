# The processes of the fleet. A process is known by its pid and its start time
# (RUN_DIR/NAME.pid), so that a reused pid is never taken for ours.

# start_time PID: in clock ticks since boot; nothing when it is gone or a zombie.
start_time() {
  local stat
  # No file, no process: not an error.
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
  # The command's name may hold blanks: count from its closing bracket.
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  [ "$1" = Z ] || printf '%s' "${20}"
}

# pid_of NAME: the pid while our process lives, else nothing.
pid_of() {
  local pid started
  { read -r pid started <"$RUN_DIR/$1.pid"; } 2>/dev/null || return 0
  if [ -n "$started" ] && [ "$(start_time "$pid")" = "$started" ]; then printf '%s' "$pid"; fi
}

# start_process NAME CMD...: in a session of its own, so that it outlives this
# script and no Ctrl-C reaches it. Its standard output is LOG_DIR/NAME.log.
start_process() {
  local name=$1 log=$LOG_DIR/$1.log pid
  shift
  if [ -f "$log" ] && [ "$(stat -c %s "$log")" -gt $((64 << 20)) ]; then mv "$log" "$log.1"; fi
  setsid "$@" >>"$log" 2>&1 </dev/null 9>&- &
  pid=$!
  printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$RUN_DIR/$name.pid"
}

# must_start NAME PROGRAM SECONDS: false when it runs already. One whose program was
# built again since is stopped first, with that much patience.
must_start() {
  local name=$1 program=$2
  [ -x "$program" ] || die "${program#"$ROOT"/} is missing; ./cartwise build makes it"
  [ -n "$(pid_of "$name")" ] || return 0
  [ "$program" -nt "$RUN_DIR/$name.pid" ] || return 1
  note "$name was built again: restarting it"
  stop_processes "$3" "$name"
}

# stop_processes SECONDS NAME...: asks all at once, waits, then makes them. Each
# leads a process group, so its children go with it.
stop_processes() {
  local patience=$1 name deadline
  shift
  local -A pids=()
  for name in "$@"; do
    pids[$name]=$(pid_of "$name")
    [ -z "${pids[$name]}" ] || kill -TERM -- "-${pids[$name]}" 2>/dev/null || true
  done
  deadline=$((SECONDS + patience))
  for name in "$@"; do
    while [ -n "$(pid_of "$name")" ] && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.05; done
    if [ -n "$(pid_of "$name")" ]; then
      kill -KILL -- "-${pids[$name]}" 2>/dev/null || true
      note "$name did not end in ${patience}s and was killed"
    elif [ -n "${pids[$name]}" ]; then
      note "$name stopped"
    fi
    rm -f "$RUN_DIR/$name.pid"
  done
}

# running_like PATTERN: the names of our processes that match a shell pattern and live.
running_like() {
  local file name
  for file in "$RUN_DIR"/$1.pid; do
    name=$(basename "$file" .pid)
    if [ -n "$(pid_of "$name")" ]; then printf '%s\n' "$name"; fi
  done
}

# fail_with_log NAME SENTENCE: shows the end of its log first.
fail_with_log() {
  local name=$1
  shift
  tail -n 20 "$LOG_DIR/$name.log" >&2 || true
  die "$* The whole log: .cartwise/log/$name.log"
}

# wait_until NAME SECONDS SENTENCE CHECK...: until CHECK succeeds; fails with the
# log of NAME when it dies first or the time is over.
wait_until() {
  local name=$1 deadline=$((SECONDS + $2)) sentence=$3
  shift 3
  until "$@"; do
    [ -n "$(pid_of "$name")" ] || fail_with_log "$name" "$name ended while $sentence."
    [ "$SECONDS" -lt "$deadline" ] || fail_with_log "$name" "Gave up waiting for $name: $sentence."
    sleep 0.1
  done
}
