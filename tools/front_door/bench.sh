# ./cartwise bench: measures the fleet against what this machine can do, on a
# throwaway database that is as durable as a real one.

cmd_bench() {
  local schema
  cmd_setup
  build_targets
  say "measuring"
  start_test_database "${FLEET_PG_SETTINGS[@]}" max_connections=300 ||
    die "the throwaway database of the bench did not start"
  for schema in "${SCHEMAS[@]}"; do migrate_template "$schema" >/dev/null; done
  "$BIN_DIR/cartwise-bench" "$@"
}
