# Installs what is missing, with apt and npm only.

missing_packages() {
  local wanted installed
  wanted=$(grep -v '^#' "$ROOT/tools/front_door/packages.txt" | grep . | sort)
  command -v node >/dev/null || wanted+=$'\nnodejs'
  command -v npm >/dev/null || wanted+=$'\nnpm'
  # dpkg-query fails when it does not know one of them: that is an answer, no error.
  # shellcheck disable=SC2086
  installed=$({ dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null || true; } |
    sed -n 's/^ii  *//p' | sort)
  comm -23 <(sort <<<"$wanted") <(printf '%s\n' "$installed")
}

install_packages() {
  local -a packages=("$@")
  command -v apt-get >/dev/null || die "this needs Debian 12 (apt-get); install by hand: ${packages[*]}"
  say "installing ${#packages[@]} Debian packages: ${packages[*]}"
  # Debian starts a cluster of its own with the server package; nobody here uses it.
  if ! dpkg-query -W postgresql-15 >/dev/null 2>&1; then
    as_root mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' |
      as_root tee /etc/postgresql-common/createcluster.d/cartwise.conf >/dev/null
  fi
  as_root apt-get update -q -o Acquire::Retries=3 ||
    die "apt-get update failed; look at its last lines above (network? /etc/apt/sources.list?)"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
    -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "${packages[@]}" ||
    die "apt-get could not install the packages; its last lines above say why"
}

install_node_modules() {
  local stamp=$ROOT/node_modules/.package-lock.json
  if [ "$stamp" -nt "$ROOT/package-lock.json" ] && [ "$stamp" -nt "$ROOT/package.json" ]; then
    return
  fi
  say "installing the npm tools of package-lock.json"
  # Not `npm ci`: newer npm refuses a lock without the binaries of other
  # platforms, which a registry need not serve. This takes the locked versions too.
  (cd "$ROOT" && npm install --no-save --no-audit --no-fund --loglevel=error) ||
    die "npm install failed; its lines above say why (network? a proxy's certificate: set NODE_EXTRA_CA_CERTS)"
  touch "$stamp"
}

# buf reads modules from inside the tree only; Debian keeps google/api outside.
copy_google_protos() {
  local from=/usr/share/gocode/src/github.com/gogo/googleapis/google/api
  local to=$ROOT/build/googleapis/google/api
  mkdir -p "$to"
  cp -u "$from/annotations.proto" "$from/http.proto" "$to/"
}

# The API viewer as the gateway serves it under /docs: our page, the npm package's files.
copy_api_viewer() {
  local from=$ROOT/node_modules/swagger-ui-dist to=$ROOT/build/api-viewer
  mkdir -p "$to"
  cp -u "$from"/{swagger-ui.css,swagger-ui-bundle.js,favicon-32x32.png,LICENSE} \
    "$ROOT"/tools/api_viewer/{index.html,viewer.js,viewer.css} "$to/"
}

cmd_setup() {
  local -a missing
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" -eq 0 ] || install_packages "${missing[@]}"
  install_node_modules
  copy_google_protos
  copy_api_viewer
}
