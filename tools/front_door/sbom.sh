# What we are built from, as CycloneDX 1.5: the Debian packages that packages.txt
# names with everything they need, and the npm packages of package-lock.json. And
# which of them have known weaknesses.

# dpkg-query fails over names that only stand for others: that is an answer, no error.
debian_parts() {
  local wanted
  wanted=$(grep -v '^#' "$ROOT/tools/front_door/packages.txt" | grep .)
  # shellcheck disable=SC2086
  apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts \
    --no-breaks --no-replaces --no-enhances $wanted | grep -E '^[a-z0-9]' | sort -u |
    { xargs dpkg-query -W -f='${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\n' 2>/dev/null || true; } |
    sed -n 's/^ii *\t//p' | sort -u
}

# 2 when nobody could tell: `leave` knows 90 and passes on the rest.
cmd_weaknesses() {
  local code=0
  # shellcheck disable=SC2046
  "$ROOT/tools/check_weaknesses" $(debian_parts | cut -f2 | sort -u) || code=$?
  [ "$code" -ne 0 ] || note "no known weaknesses"
  exit "$code"
}

cmd_sbom() {
  jq -n --rawfile debian <(debian_parts) --slurpfile npm "$ROOT/package-lock.json" '
    ($debian | split("\n") | map(select(. != "") | split("\t") | {
        type: "library", name: .[0], version: .[1],
        purl: "pkg:deb/debian/\(.[0])@\(.[1] | @uri)?arch=\(.[2])&distro=debian-12"})) as $apt
    | ($npm[0].packages | to_entries | map(select(.key != "") | (.key | sub("^.*node_modules/"; "")) as $name | {
        type: "library", name: $name, version: .value.version,
        purl: "pkg:npm/\($name | @uri)@\(.value.version)"})) as $node
    | {bomFormat: "CycloneDX", specVersion: "1.5", version: 1,
       metadata: {component: {type: "application", name: "cartwise-cloud"}},
       components: ($apt + $node)}'
}
