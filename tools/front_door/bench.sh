# ./cartwise bench: hands over to bench/run, which measures and prints.

cmd_bench() {
  [ -x "$ROOT/bench/run" ] || die "bench/run is missing"
  cmd_setup
  build_targets
  CARTWISE_BENCH_BIN_DIR=$BIN_DIR exec "$ROOT/bench/run" "$@"
}
