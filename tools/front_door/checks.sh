# The checks that run no program of ours. Each prints what is wrong and fails.

cpp_files() {
  (cd "$ROOT" && find libs services edge-agent tests bench -type f \( -name '*.cpp' -o -name '*.hpp' \) 2>/dev/null | sort) || true
}

check_format() {
  local wrong
  wrong=$(cpp_files | xargs -r clang-format --dry-run -Werror 2>&1 | sed -n 's/^\([^ :]*\):[0-9].*error:.*/\1/p' | sort -u) || true
  [ -z "$wrong" ] || {
    printf '%s\n' "$wrong" "run ./cartwise format"
    return 1
  }
}

light_sources() { cpp_files | grep -E '^(services/[a-z]+-svc/domain|edge-agent/core|libs/cartwise/base)/.*\.cpp$' | grep -v '_\(pg\)\?test\.cpp$' || true; }

# What a verdict on one source depends on: every light file and the rules.
tidy_fingerprint() {
  cpp_files | grep -E '/(domain|core|base)/.*\.hpp$' | cat - <(echo .clang-tidy) | xargs cat | sha256sum | cut -c1-16
}

# tidy_one FINGERPRINT FILE: a clean verdict is remembered in build/tidy.
tidy_one() {
  local fingerprint=$1 file=$2 stamp root=
  stamp=build/tidy/$(cat "$file" <(echo "$fingerprint $file") | sha256sum | cut -c1-32)
  [ ! -e "$stamp" ] || return 0
  case "$file" in
    services/*) root=$(cut -d/ -f1,2 <<<"$file") ;;
    edge-agent/*) root=edge-agent ;;
    *) root=libs ;;
  esac
  # The light folders need nothing but libs and abseil, so no compile database.
  clang-tidy --quiet "$file" -- -std=c++20 -Ilibs -I"$root" 2>/dev/null || return 1
  touch "$stamp"
}

check_tidy() {
  local fingerprint
  mkdir -p build/tidy
  fingerprint=$(tidy_fingerprint)
  export -f tidy_one
  light_sources | xargs -r -P "$(nproc)" -n 1 bash -c 'tidy_one "$0" "$1"' "$fingerprint"
}

check_layers() { tools/check_layers --self-test && tools/check_layers; }
check_buf() { node_modules/.bin/buf lint; }
# Only whether it finds what it must: what it finds today is no fault of this tree.
check_weaknesses() { tools/check_weaknesses --self-test; }
check_contracts() { tools/check_contracts --self-test && tools/check_contracts; }

cmd_format() {
  cmd_setup
  cpp_files | xargs -r clang-format -i
}

cmd_lint() {
  local step
  cmd_setup
  begin_report
  for step in "${CHECKS[@]}"; do run_step "$step" "check_$step"; done
  end_report
}
