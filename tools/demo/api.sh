# A small REST client: curl and jq against the gateway.

API_TOKEN=

# api_call METHOD PATH [JSON]: leaves the answer in API_BODY and its code in API_STATUS.
api_call() {
  local method=$1 path=$2 answer secrets=
  local -a arguments=(-sS -m 40 -X "$method" -w '\n%{http_code}')
  if [ $# -gt 2 ]; then
    arguments+=(-H 'Content-Type: application/json' --data-binary "$3")
    arguments+=(-H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)")
  fi
  # The token goes through standard input: a command line can be read by everybody.
  [ -z "$API_TOKEN" ] || secrets="header = \"Authorization: Bearer $API_TOKEN\""
  answer=$(curl -K - "${arguments[@]}" "http://$CARTWISE_GATEWAY_HTTP_LISTEN$path" <<<"$secrets") ||
    die "no answer from the gateway to $method $path"
  API_STATUS=${answer##*$'\n'}
  API_BODY=${answer%$'\n'*}
}

# api METHOD PATH [JSON]: prints the answer; anything but 2xx ends the script.
api() {
  api_call "$@"
  case "$API_STATUS" in
    2??) printf '%s' "$API_BODY" ;;
    *) die "the gateway answered $API_STATUS to $1 $2: $API_BODY" ;;
  esac
}

# api_list PATH FIELD: prints what is in FIELD of every page, one a line; PATH ends in a query.
api_list() {
  local page token=
  while true; do
    page=$(api GET "$1$token") || return
    jq -c --arg field "$2" '.[$field][]?' <<<"$page"
    token=$(jq -r '.next_page_token // empty' <<<"$page")
    [ -n "$token" ] || break
    token="&page_token=$token"
  done
}

# sign_in EMAIL PASSWORD: sets API_TOKEN; false when the credentials are refused.
sign_in() {
  local body
  body=$(jq -nc --arg email "$1" --arg password "$2" '{email: $email, password: $password}')
  API_TOKEN=
  api_call POST /api/auth/login "$body"
  [ "$API_STATUS" != 401 ] || return 1
  [ "$API_STATUS" = 200 ] || die "the gateway answered $API_STATUS to a sign-in: $API_BODY"
  API_TOKEN=$(jq -r .access_token <<<"$API_BODY")
}
