# The five services: what each is told (environment only), and starting them.

# service_environment NAME: one VARIABLE=VALUE a line.
service_environment() {
  local name=$1 short=${1%-svc}
  local upper=${short^^} listen metrics
  listen=CARTWISE_${upper}_LISTEN
  metrics=CARTWISE_${upper}_METRICS_LISTEN
  cat <<TEXT
$metrics=${!metrics}
CARTWISE_TLS_CA=$CERT_DIR/ca.pem
CARTWISE_TLS_CERT=$CERT_DIR/$name.pem
CARTWISE_TLS_KEY=$CERT_DIR/$name.key
CARTWISE_TOKEN_KEYS_DIR=$KEY_DIR/public
CARTWISE_DEVELOPMENT=1
CARTWISE_LOG_LEVEL=${CARTWISE_LOG_LEVEL:-info}
CARTWISE_TENANT_TARGET=$CARTWISE_TENANT_LISTEN
CARTWISE_DEVICE_TARGET=$CARTWISE_DEVICE_LISTEN
CARTWISE_DEVICE_STREAMS_TARGET=$CARTWISE_DEVICE_STREAMS_LISTEN
CARTWISE_RENTAL_TARGET=$CARTWISE_RENTAL_LISTEN
CARTWISE_TELEMETRY_TARGET=$CARTWISE_TELEMETRY_LISTEN
TEXT
  if [ "$name" != gateway-svc ]; then
    cat <<TEXT
$listen=${!listen}
CARTWISE_${upper}_DATABASE_URL=$(db_url "cartwise_${short}_app")
TEXT
  fi
  case "$name" in
    tenant-svc)
      echo "CARTWISE_TENANT_SIGNING_KEYS_DIR=$KEY_DIR/tenant"
      echo "CARTWISE_TENANT_PHONE_KEY_FILE=$KEY_DIR/private/phone.key"
      echo "CARTWISE_TENANT_DATA_HOLDERS=${CARTWISE_TENANT_DATA_HOLDERS:-rental-svc=$CARTWISE_RENTAL_LISTEN}"
      echo "CARTWISE_TENANT_SMS_PROVIDER=${CARTWISE_TENANT_SMS_PROVIDER:-console}"
      echo "CARTWISE_TENANT_SMS_CONSOLE_FILE=$LOG_DIR/sms.jsonl"
      ;;
    device-svc)
      echo "CARTWISE_DEVICE_STREAMS_LISTEN=$CARTWISE_DEVICE_STREAMS_LISTEN"
      echo "CARTWISE_DEVICE_SIGNING_KEYS_DIR=$KEY_DIR/device"
      echo "CARTWISE_DEVICE_MQTT_BROKER=${CARTWISE_DEVICE_MQTT_BROKER:-localhost}"
      echo "CARTWISE_DEVICE_MQTT_PORT=${CARTWISE_DEVICE_MQTT_PORT:-1883}"
      ;;
    rental-svc) echo "CARTWISE_RENTAL_PHONE_KEY_FILE=$KEY_DIR/private/phone.key" ;;
    gateway-svc)
      echo "CARTWISE_GATEWAY_HTTP_LISTEN=$CARTWISE_GATEWAY_HTTP_LISTEN"
      echo "CARTWISE_GATEWAY_GRPC_LISTEN=$CARTWISE_GATEWAY_GRPC_LISTEN"
      echo "CARTWISE_GATEWAY_CORS_ORIGINS=${CARTWISE_GATEWAY_CORS_ORIGINS:-}"
      echo "CARTWISE_GATEWAY_DOCS_DIR=$ROOT/build/api-viewer"
      echo "CARTWISE_GATEWAY_SECURITY_CONTACT=mailto:security@cartwise.example"
      # One machine plays everybody here: shoppers, staff and load tests share an address and a sign-in.
      echo "CARTWISE_GATEWAY_RATE_PRINCIPAL=${CARTWISE_GATEWAY_RATE_PRINCIPAL:-600000}"
      echo "CARTWISE_GATEWAY_RATE_SHOPPER=${CARTWISE_GATEWAY_RATE_SHOPPER:-600000}"
      echo "CARTWISE_GATEWAY_RATE_CHAIN=${CARTWISE_GATEWAY_RATE_CHAIN:-1000000}"
      echo "CARTWISE_GATEWAY_RATE_ADDRESS=${CARTWISE_GATEWAY_RATE_ADDRESS:-60000}"
      echo "CARTWISE_GATEWAY_RATE_SIGN_IN=${CARTWISE_GATEWAY_RATE_SIGN_IN:-60000}"
      ;;
  esac
}

# in_service NAME CMD...: runs a command with a service's environment; other
# CARTWISE_* variables of the caller (retention, pool, grace) reach it as they
# are. Exported, not put on a command line that everybody may read.
in_service() (
  mapfile -t variables < <(service_environment "$1")
  shift
  export "${variables[@]}"
  "$@"
)

# Prints a line per chain; 1 when one is broken.
cmd_verify_audit() {
  make_state_dirs
  load_settings
  database_running || die "the database is not running; ./cartwise up starts it"
  local code=0
  in_service tenant-svc "$BIN_DIR/tenant-svc" verify-audit "$@" || code=$?
  exit "$code"
}

start_service() {
  local name=$1 program=$BIN_DIR/$1
  must_start "$name" "$program" 15 || return 0
  in_service "$name" start_process "$name" "$program"
}

service_ready() { curl -fsS -o /dev/null -m 2 "http://$(metrics_address "$1")/readyz" 2>/dev/null; }

# A port that another program holds would look like a service that hangs.
check_service_ports() {
  local name address
  for name in "${SERVICES[@]}"; do
    [ -z "$(pid_of "$name")" ] || continue
    while read -r address; do
      port_taken "${address##*:}" &&
        die "port ${address##*:} (for $name) is in use by another program; set another with its CARTWISE_* variable"
    done < <(service_environment "$name" | sed -n 's/^CARTWISE_[A-Z]*_LISTEN=//p; s/^CARTWISE_[A-Z]*_[A-Z]*_LISTEN=//p')
  done
  return 0
}

start_services() {
  local name began=$SECONDS
  say "starting the services"
  for name in "${SERVICES[@]}"; do start_service "$name"; done
  for name in "${SERVICES[@]}"; do
    wait_until "$name" 60 "getting ready (http://$(metrics_address "$name")/readyz)" service_ready "$name"
    note "$name is ready"
  done
  note "all ready in $(duration $((SECONDS - began)))"
}
