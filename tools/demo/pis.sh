# The simulated Pis: an emulated bus with two boards of sixteen locks, the agent
# that owns it, and the controllers and carts that go with it. One per branch.

BOARDS=(0 1)

pi_dir() { printf '%s' "$STATE/state/$1"; }

# start_board NAME [OPTION...]: the emulated bus; OPTIONs such as --shoppers 60.
start_board() {
  local name=$1 dir
  shift
  dir=$(pi_dir "$name")
  must_start "board-$name" "$BIN_DIR/emulated-board" 5 || return 0
  mkdir -p "$dir"
  rm -f "$dir/tty" "$dir/control.sock"
  start_process "board-$name" "$BIN_DIR/emulated-board" --tty "$dir/tty" \
    --boards "$(IFS=, && echo "${BOARDS[*]}")" --log "$dir/board.jsonl" --control "$dir/control.sock" "$@"
  wait_until "board-$name" 10 "making its serial port" test -e "$dir/tty" -a -S "$dir/control.sock"
}

# device_of BRANCH MAC: its id and status, when it is enrolled.
device_of() {
  api_list "/api/devices?page_size=200&branch_id=$1" devices |
    jq -r --arg mac "$2" 'select(.mac_address == $mac) | "\(.id) \(.status)"'
}

# write_agent_config NAME BRANCH MAC: the key it once enrolled with stays in it.
write_agent_config() {
  local name=$1 branch=$2 mac=$3 dir key
  dir=$(pi_dir "$name")
  key=$(jq -r '.enrollment_key // empty' "$dir/config.json" 2>/dev/null || true)
  if [ -z "$key" ] || [ -z "$(device_of "$branch" "$mac")" ]; then key=$(new_enrollment_key "$branch" 1); fi
  mkdir -p "$dir/agent"
  (
    umask 077
    jq -n --arg gateway "localhost:${CARTWISE_GATEWAY_GRPC_LISTEN##*:}" --arg ca "$CERT_DIR/ca.pem" \
      --arg key "$key" --arg name "pi-$name" --arg mac "$mac" --arg serial "SIM-${mac//:/}" \
      --arg state "$dir/agent" --arg port "$dir/tty" \
      '{gateway: $gateway, ca: $ca, enrollment_key: $key, device_name: $name, mac_address: $mac,
        serial_number: $serial, state_dir: $state,
        buses: [{port: $port, baudrate: 19200, gap_ms: 25, rts_mode: "none"}]}' >"$dir/config.json"
  )
}

start_agent() {
  local name=$1 branch=$2 mac=$3
  must_start "agent-$name" "$BIN_DIR/edge-agent" 10 || return 0
  write_agent_config "$name" "$branch" "$mac"
  start_process "agent-$name" "$BIN_DIR/edge-agent" --config "$(pi_dir "$name")/config.json"
}

device_online() { [[ "$(device_of "$1" "$2")" = *\ ONLINE ]]; }

# ensure_controllers NAME BRANCH MAC: and a cart on each lock. Sets CONTROLLERS, their ids.
ensure_controllers() {
  local name=$1 branch=$2 device port known carts board controller body
  device=$(device_of "$branch" "$3")
  device=${device% *}
  port=$(pi_dir "$name")/tty
  known=$(api GET "/api/devices/$device/controllers?page_size=200")
  carts=$(api GET "/api/branches/$branch/carts?page_size=200")
  CONTROLLERS=()
  for board in "${BOARDS[@]}"; do
    controller=$(jq -r --argjson board "$board" --arg port "$port" '.controllers[]?
      | select((.controller_address // 0) == $board and .port == $port) | .id' <<<"$known")
    if [ -z "$controller" ]; then
      body=$(jq -nc --argjson board "$board" --arg port "$port" \
        '{controller_address: $board, port: $port, baudrate: 19200, has_ir: true}')
      controller=$(api POST "/api/devices/$device/controllers" "$body" | jq -r .id)
    fi
    CONTROLLERS+=("$controller")
    if ! jq -e --arg id "$controller" 'any(.carts[]?; .controller_id == $id)' <<<"$carts" >/dev/null; then
      # rental-svc learns of a new controller by an event, a moment later.
      body=$(jq -nc --arg id "$controller" --argjson first $((board * 16 + 1)) \
        '{controller_id: $id, cart_number: $first, locker_id: 1, count: 16}')
      wait_until rental-svc 20 "hearing of a new controller" create_carts "$branch" "$body"
    fi
  done
}

# create_carts BRANCH JSON: false while the branch or controller is not known yet.
create_carts() {
  api_call POST "/api/branches/$1/carts" "$2"
  case "$API_STATUS" in
    2??) ;;
    404) return 1 ;;
    *) die "the gateway answered $API_STATUS to new carts: $API_BODY" ;;
  esac
}

# own_carts_online BRANCH: those of CONTROLLERS. A person may have a Pi of their own
# in the branch, and switch it off.
own_carts_online() {
  api GET "/api/branches/$1/carts?page_size=200" |
    jq -e '[.carts[]? | select(.controller_id | IN($ARGS.positional[]))]
      | length > 0 and all(.[]; .online)' --args "${CONTROLLERS[@]}" >/dev/null
}
