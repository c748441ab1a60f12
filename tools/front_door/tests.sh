# ./cartwise test: steps, each of which counts what passed and failed. The last
# line is `N passed, N failed`.

begin_report() {
  PASSED=0 FAILED=0
  FAILURES=()
  REPORT_DIR=$ROOT/build/test-report
  rm -rf "$REPORT_DIR"
  mkdir -p "$REPORT_DIR"
}

# run_step NAME FUNCTION...: one check; its output is shown when it fails.
run_step() {
  local name=$1 log=$REPORT_DIR/$1.log began=$SECONDS
  shift
  printf '%-12s ' "$name"
  # Not `if ("$@")`: a condition would switch off errexit inside.
  local code
  set +e
  trap - ERR
  (
    set -e
    "$@"
  ) >"$log" 2>&1
  code=$?
  trap say_unexpected ERR
  set -e
  if [ "$code" -eq 0 ]; then
    PASSED=$((PASSED + 1))
    printf 'ok      %6s\n' "$(duration $((SECONDS - began)))"
  else
    FAILED=$((FAILED + 1))
    FAILURES+=("$name: $log")
    printf 'FAILED  %6s\n' "$(duration $((SECONDS - began)))"
    tail -n 200 "$log" | sed 's/^/    /'
  fi
}

end_report() {
  local failure
  echo
  if [ "${#FAILURES[@]}" -gt 0 ]; then
    echo "failed:"
    for failure in "${FAILURES[@]}"; do printf '  %s\n' "${failure#"$ROOT"/}"; done
    echo
  fi
  echo "$PASSED passed, $FAILED failed"
  [ "$FAILED" -eq 0 ] || exit 90
}

# --- the throwaway database -------------------------------------------------

# The cluster lives for minutes and holds made-up data: each role's password is its name.
test_password() { printf '%s' "$1"; }

# Not durable on purpose: it lives for one run.
TEST_PG_SETTINGS=(max_connections=300 shared_buffers=128MB fsync=off full_page_writes=off
  synchronous_commit=off jit=off timezone=UTC)

# start_test_database SETTING=VALUE...: gone at exit, however we leave.
start_test_database() {
  local port try
  TEST_PG_HOME=$(mktemp -d /tmp/cartwise-test-XXXXXX)
  local password
  password=$(openssl rand -hex 16)
  AT_EXIT=stop_test_database
  pg_create "$TEST_PG_HOME" "$password"
  for try in 1 2 3 4 5 6 7 8; do
    port=$((20000 + RANDOM % 12000))
    if ! port_taken "$port" && pg_start "$TEST_PG_HOME" "$port" "$@"; then
      export CARTWISE_TEST_DATABASE_URL=postgresql://postgres:$password@127.0.0.1:$port/postgres
      TEST_SERVER=${CARTWISE_TEST_DATABASE_URL%/postgres}
      bootstrap "$TEST_SERVER" cartwise_template test_password
      return
    fi
  done
  tail -n 20 "$TEST_PG_HOME/postgres.log" >&2
  return 1
}

stop_test_database() {
  pg_running "$TEST_PG_HOME" && pg_stop "$TEST_PG_HOME"
  rm -rf "$TEST_PG_HOME"
}

# migrate_template SCHEMA: onto the empty schema, then once more, which must do nothing.
migrate_template() {
  local schema=$1 again applied files owner=cartwise_$1_owner url
  url=postgresql://$owner:$(test_password "$owner")@${TEST_SERVER#*@}/cartwise_template
  run_migrations "$schema" "$url" || die "the migrations of $schema failed"
  again=$(run_migrations "$schema" "$url")
  if [ -n "$again" ]; then die "migrating twice did something: $again"; fi
  applied=$(psql_at "$url" -Atc "select count(*) from $schema.schema_migrations")
  files=$(find "services/$schema-svc/migrations" -name '*.sql' | wc -l)
  [ "$applied" -eq "$files" ] || die "$applied of $files migrations were applied"
}

# --- the programs -----------------------------------------------------------

# count_cases LOG: prints "passed failed" over every test program of a ctest log.
# A program that ended without Catch2's summary counts as one failure.
count_cases() {
  awk '
    /^[0-9]+\/[0-9]+ Testing: / { summary = 0; broken = 0; absent = 0 }
    # How ctest writes down a program that was never built.
    /^Command: ""$/ { absent = 1 }
    /^All tests passed \(/ { match($0, /in [0-9]+ test case/); passed += substr($0, RSTART + 3) + 0; summary = 1 }
    /^test cases: / {
      n = split($0, part, "|")
      for (i = 2; i <= n; i++) {
        if (part[i] ~ /passed|failed as expected/) passed += part[i] + 0
        else if (part[i] ~ /failed/) { failed += part[i] + 0; broken = 1 }
      }
      summary = 1
    }
    /^Test Passed\.$/ { if (absent) failed++; else if (!summary) passed++ }
    /^Test Failed\.$/ { if (!broken) failed++ }
    END { print passed + 0, failed + 0 }' "$1"
}

# run_programs STEP PARALLEL CTEST_ARGS...
run_programs() {
  local name=$1 jobs=$2 began=$SECONDS log=$REPORT_DIR/$1.log passed failed code=0
  shift 2
  printf '%s\n' "$name"
  (cd "$ROOT/build/dev" && ctest -j "$jobs" --timeout 900 --output-on-failure --no-tests=error "$@") 2>&1 |
    tee "$REPORT_DIR/$name.out" | grep --line-buffered -vE '^(Test project|    Start |Label Time|[a-z0-9]+ +=|Total Test time|$)' | sed -u 's/^/    /' || code=1
  cp "$ROOT/build/dev/Testing/Temporary/LastTest.log" "$log" 2>/dev/null || : >"$log"
  read -r passed failed < <(count_cases "$log")
  if [ "$code" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
  PASSED=$((PASSED + passed)) FAILED=$((FAILED + failed))
  [ "$failed" -eq 0 ] || FAILURES+=("$name: $(sed -n 's/^\t *[0-9]* - \([^ ]*\).*/\1/p' "$REPORT_DIR/$name.out" | tr '\n' ' ')($REPORT_DIR/$name.log)")
  printf '%-12s %s passed, %s failed  %s\n' "$name" "$passed" "$failed" "$(duration $((SECONDS - began)))"
}

# Every statement that the sources name was seen to give a stranger nothing. The programs of the pg
# step have written down those that were. What libraries put together for a schema is tried as well,
# but not demanded here: it has no name in the sources.
check_statements() {
  local declared=$REPORT_DIR/declared kept_out=$REPORT_DIR/kept_out of_nobody=$REPORT_DIR/of_nobody wrong
  find libs services \( -name '*.cpp' -o -name '*.hpp' \) -not -name '*_pgtest.*' -not -path '*/testing/*' -print0 |
    xargs -0 grep -hozP 'Query k\w+\{\s*"\K\w+' | tr '\0' '\n' | sort -u >"$declared"
  sort -u "$CARTWISE_TEST_STATEMENTS" >"$kept_out"
  sed -n 's/^\([a-z_]*\) .*/\1/p' tools/statements_of_nobody | sort -u >"$of_nobody"
  wrong=$(
    comm -23 "$declared" "$kept_out" | comm -23 - "$of_nobody" |
      sed 's/$/: no test has shown that row security keeps a stranger out/'
    comm -13 "$declared" "$of_nobody" | sed 's/$/: no such statement, but in tools\/statements_of_nobody/'
    comm -12 "$kept_out" "$of_nobody" | sed 's/$/: it is of a tenant, but in tools\/statements_of_nobody/'
  )
  [ -z "$wrong" ] || {
    printf '%s\n' "$wrong"
    return 1
  }
}

run_pg_programs() {
  export CARTWISE_TEST_STATEMENTS=$REPORT_DIR/statements
  : >"$CARTWISE_TEST_STATEMENTS"
  run_programs pg "$(nproc)" -L '^pg$'
  run_step statements check_statements
}

# That every measurement still measures; what comes out counts for nothing.
bench_smoke() { "$BIN_DIR/cartwise-bench" --smoke; }

CHECKS=(format tidy layers buf contracts weaknesses)

cmd_test() {
  local only=${1:-} step schema began=$SECONDS
  cmd_setup
  begin_report
  case " ${CHECKS[*]} " in
    *" $only "*)
      [ -z "$only" ] || {
        run_step "$only" "check_$only"
        end_report
        return
      }
      ;;
  esac
  if [ -z "$only" ]; then
    for step in "${CHECKS[@]}"; do run_step "$step" "check_$step"; done
  fi
  [ "$only" = migrations ] || build_targets
  say "testing"
  start_test_database "${TEST_PG_SETTINGS[@]}" || die "the throwaway database of the tests did not start"
  for schema in "${SCHEMAS[@]}"; do run_step "migrations-$schema" migrate_template "$schema"; done
  case "$only" in
    migrations) ;;
    '')
      run_programs unit "$(nproc)" -L '^unit$'
      run_pg_programs
      run_programs e2e 1 -L '^e2e$'
      run_step bench bench_smoke
      ;;
    bench) run_step bench bench_smoke ;;
    unit) run_programs unit "$(nproc)" -L '^unit$' ;;
    pg) run_pg_programs ;;
    e2e) run_programs e2e 1 -L '^e2e$' ;;
    *) run_programs "named" 1 -R "$only" ;;
  esac
  note "all of it took $(duration $((SECONDS - began)))"
  end_report
}
