# Configures and builds build/dev.

PROGRAMS=("${SERVICES[@]}" edge-agent emulated-board)

configure() {
  local stamp=$ROOT/build/dev/build.ninja
  # CMake itself watches the CMakeLists; presets it does not.
  if [ ! -f "$stamp" ] || [ "$ROOT/CMakePresets.json" -nt "$stamp" ]; then
    say "configuring build/dev"
    cmake --preset dev >"$ROOT/build/configure.log" 2>&1 || {
      tail -n 40 "$ROOT/build/configure.log" >&2
      die "cmake failed; the whole story is in build/configure.log"
    }
  fi
}

# build_targets [TARGET...]: none means all.
build_targets() {
  local began=$SECONDS
  mkdir -p "$ROOT/build"
  configure
  export NINJA_STATUS='    [%f/%t %es] '
  say "building ${*:-everything} (the first time takes minutes)"
  cmake --build --preset dev -j "$(nproc)" ${1:+--target "$@"} || die "the build failed; the first error above is the one to mend"
  note "built in $(duration $((SECONDS - began)))"
}

cmd_build() {
  cmd_setup
  build_targets "$@"
}
