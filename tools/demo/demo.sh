# The demonstration: two chains, three branches, a simulated Pi in each. Haifa is
# left alone for a person's experiments; the others have emulated shoppers.

# check_demo: what start_demo would find out only after the build. The kernel takes no
# longer path for a socket; that of jerusalem is the longest.
check_demo() {
  local path length
  path=$(pi_dir jerusalem)/control.sock
  length=$(printf '%s' "$path" | wc -c)
  [ "$length" -le 107 ] ||
    die "$path has $length bytes, and a socket's path at most 107; move $ROOT to a shorter path"
}

start_demo() {
  say "demonstration: chains and branches"
  ensure_chain rami-levi "Rami Levi"
  ensure_branch rami-levi haifa "Rami Levi Haifa" Haifa 32.794 34.9896
  ensure_branch rami-levi jerusalem "Rami Levi Jerusalem" Jerusalem 31.7683 35.2137
  ensure_chain shufersal "Shufersal"
  ensure_branch shufersal tel-aviv "Shufersal Tel Aviv" "Tel Aviv" 32.0853 34.7818

  say "demonstration: Pis, boards and carts"
  sign_in_owner rami-levi
  start_pi haifa 02:00:00:00:00:01
  start_pi jerusalem 02:00:00:00:00:02 --shoppers 60
  finish_pi haifa 02:00:00:00:00:01
  finish_pi jerusalem 02:00:00:00:00:02
  ENROLLMENT_KEY=$(new_enrollment_key "${BRANCH_ID[haifa]}" 50)
  sign_in_owner shufersal
  start_pi tel-aviv 02:00:00:00:00:03 --shoppers 60
  finish_pi tel-aviv 02:00:00:00:00:03

  write_demo_env
  if must_start shoppers "$ROOT/tools/demo/shoppers" 5; then
    start_process shoppers "$ROOT/tools/demo/shoppers" "$STATE/demo.env"
  fi
}

# start_pi NAME MAC [BOARD_OPTION...]
start_pi() {
  local name=$1 mac=$2
  shift 2
  start_board "$name" "$@"
  start_agent "$name" "${BRANCH_ID[$name]}" "$mac"
}

# finish_pi NAME MAC: once it is there, with boards and carts.
finish_pi() {
  local name=$1 branch=${BRANCH_ID[$1]} mac=$2
  wait_until "agent-$name" 45 "enrolling and connecting" device_online "$branch" "$mac"
  ensure_controllers "$name" "$branch" "$mac"
  wait_until "agent-$name" 30 "reporting its locks" own_carts_online "$branch"
  note "pi-$name is online with $((${#BOARDS[@]} * 16)) carts"
}

write_demo_env() {
  local haifa
  haifa=$(pi_dir haifa)
  (
    umask 077
    {
      env_line CARTWISE_URL "http://$CARTWISE_GATEWAY_HTTP_LISTEN"
      env_line CARTWISE_GRPC "localhost:${CARTWISE_GATEWAY_GRPC_LISTEN##*:}"
      env_line CARTWISE_CA "$CERT_DIR/ca.pem"
      env_line CARTWISE_PLATFORM_EMAIL "$PLATFORM_EMAIL"
      env_line CARTWISE_PLATFORM_PASSWORD "$(secret platform-admin)"
      env_line CARTWISE_ADMIN_EMAIL "${OWNER_EMAIL[rami-levi]}"
      env_line CARTWISE_ADMIN_PASSWORD "$(secret owner-rami-levi)"
      env_line CARTWISE_CHAIN_ID "${CHAIN_ID[rami-levi]}"
      env_line CARTWISE_BRANCH_ID "${BRANCH_ID[haifa]}"
      env_line CARTWISE_OTHER_ADMIN_EMAIL "${OWNER_EMAIL[shufersal]}"
      env_line CARTWISE_OTHER_ADMIN_PASSWORD "$(secret owner-shufersal)"
      env_line CARTWISE_OTHER_CHAIN_ID "${CHAIN_ID[shufersal]}"
      env_line CARTWISE_OTHER_BRANCH_ID "${BRANCH_ID[tel-aviv]}"
      env_line CARTWISE_ENROLLMENT_KEY "$ENROLLMENT_KEY"
      env_line CARTWISE_DATABASE_URL "$(db_url cartwise_inspector)"
      env_line CARTWISE_BOARD_LOG "$haifa/board.jsonl"
      env_line CARTWISE_BOARD_CONTROL "$haifa/control.sock"
    } >"$STATE/demo.env.new"
    mv "$STATE/demo.env.new" "$STATE/demo.env"
  )
}

# Quoted only where a shell needs it, so that simpler readers understand it too.
env_line() { printf '%s=%q\n' "$1" "$2"; }

print_welcome() {
  cat <<TEXT

CartWise Cloud is up (in $(duration "$1")).

  REST      http://$CARTWISE_GATEWAY_HTTP_LISTEN/api
  API pages http://$CARTWISE_GATEWAY_HTTP_LISTEN/docs
  gRPC      localhost:${CARTWISE_GATEWAY_GRPC_LISTEN##*:} (TLS, CA in .cartwise/certs/ca.pem)
  metrics   http://$CARTWISE_TENANT_METRICS_LISTEN/metrics and the next four ports

  platform admin   $PLATFORM_EMAIL   $(secret platform-admin)
  Rami Levi        ${OWNER_EMAIL[rami-levi]}   $(secret owner-rami-levi)
  Shufersal        ${OWNER_EMAIL[shufersal]}   $(secret owner-shufersal)
  shopper codes    ${CARTWISE_TENANT_SMS_PROVIDER:-console}: tail -f .cartwise/log/sms.jsonl

Try (everything used here stands in .cartwise/demo.env):

  source .cartwise/demo.env
  TOKEN=\$(curl -s \$CARTWISE_URL/api/auth/login -H 'Content-Type: application/json' -d "{\"email\":\"\$CARTWISE_ADMIN_EMAIL\",\"password\":\"\$CARTWISE_ADMIN_PASSWORD\"}" | jq -r .access_token)
  curl -s \$CARTWISE_URL/api/branches/\$CARTWISE_BRANCH_ID/carts -H "Authorization: Bearer \$TOKEN" | jq '.carts[:3]'
  curl -s \$CARTWISE_URL/api/branches/\$CARTWISE_BRANCH_ID/carts/assign -H "Authorization: Bearer \$TOKEN" -H 'Content-Type: application/json' -d '{"user_phone":"+972521234567"}' | jq

TEXT
}
