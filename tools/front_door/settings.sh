# Addresses of the fleet. A variable of the caller wins (see check_settings); then what
# the running fleet was started with (so that down and status find it); then the default.

SETTINGS_FILE=$RUN_DIR/settings
SETTINGS=(
  CARTWISE_PG_PORT=5433
  CARTWISE_TENANT_LISTEN=127.0.0.1:9091
  CARTWISE_DEVICE_LISTEN=127.0.0.1:9092
  CARTWISE_RENTAL_LISTEN=127.0.0.1:9093
  CARTWISE_TELEMETRY_LISTEN=127.0.0.1:9094
  CARTWISE_DEVICE_STREAMS_LISTEN=127.0.0.1:9095
  CARTWISE_TENANT_METRICS_LISTEN=127.0.0.1:9101
  CARTWISE_DEVICE_METRICS_LISTEN=127.0.0.1:9102
  CARTWISE_RENTAL_METRICS_LISTEN=127.0.0.1:9103
  CARTWISE_TELEMETRY_METRICS_LISTEN=127.0.0.1:9104
  CARTWISE_GATEWAY_METRICS_LISTEN=127.0.0.1:9105
  CARTWISE_GATEWAY_HTTP_LISTEN=127.0.0.1:8080
  CARTWISE_GATEWAY_GRPC_LISTEN=127.0.0.1:9090
)

load_settings() {
  local entry name saved
  for entry in "${SETTINGS[@]}"; do
    name=${entry%%=*}
    if [ -z "${!name:-}" ]; then
      saved=$(sed -n "s/^$name=//p" "$SETTINGS_FILE" 2>/dev/null || true)
      printf -v "$name" '%s' "${saved:-${entry#*=}}"
    fi
  done
}

save_settings() {
  local entry name
  for entry in "${SETTINGS[@]}"; do
    name=${entry%%=*}
    printf '%s=%s\n' "$name" "${!name}"
  done >"$SETTINGS_FILE"
}

# check_settings: the caller may not move a running fleet. What runs would stay
# where it is, and nobody would find it there.
check_settings() {
  local name saved
  [ -f "$SETTINGS_FILE" ] || return 0
  while IFS='=' read -r name saved; do
    [ "${!name:-$saved}" = "$saved" ] || die "the fleet runs with $name=$saved; ./cartwise down first"
  done <"$SETTINGS_FILE"
}

forget_settings() { rm -f "$SETTINGS_FILE"; }

# metrics_address SERVICE: where its /readyz is.
metrics_address() {
  local name=${1%-svc}
  name=CARTWISE_${name^^}_METRICS_LISTEN
  printf '%s' "${!name}"
}
