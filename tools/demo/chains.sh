# The demonstration's people, chains and branches. Finds what exists, makes the rest.

PLATFORM_EMAIL=admin@cartwise.example

declare -A CHAIN_ID BRANCH_ID OWNER_EMAIL

# sign_in_platform: as platform admin, made by the command that every installation uses.
sign_in_platform() {
  local password
  password=$(secret platform-admin)
  sign_in "$PLATFORM_EMAIL" "$password" && return
  in_service tenant-svc "$BIN_DIR/tenant-svc" create-platform-admin --email "$PLATFORM_EMAIL" \
    --password-file "$SECRET_DIR/platform-admin" >>"$LOG_DIR/create-platform-admin.log" 2>&1 ||
    fail_with_log create-platform-admin "The platform admin could not be made."
  sign_in "$PLATFORM_EMAIL" "$password" || die "the platform admin was made and may not sign in"
}

sign_in_owner() { sign_in "${OWNER_EMAIL[$1]}" "$(secret "owner-$1")"; }

# ensure_chain SLUG NAME: with its owner; called as platform admin, ends signed in as the owner.
ensure_chain() {
  local slug=$1 name=$2 id body
  sign_in_platform
  id=$(api_list "/api/chains?page_size=200" chains | jq -r --arg slug "$slug" 'select(.slug == $slug) | .id')
  if [ -z "$id" ]; then
    body=$(jq -nc --arg name "$name" --arg slug "$slug" '{name: $name, slug: $slug, plan: "ENTERPRISE"}')
    id=$(api POST /api/chains "$body" | jq -r .id)
  fi
  CHAIN_ID[$slug]=$id
  OWNER_EMAIL[$slug]=owner@$slug.example
  local platform_token=$API_TOKEN
  if ! sign_in_owner "$slug"; then
    API_TOKEN=$platform_token
    body=$(jq -nc --arg chain "$id" --arg email "${OWNER_EMAIL[$slug]}" --arg name "$name owner" \
      --arg password "$(secret "owner-$slug")" \
      '{chain_id: $chain, email: $email, name: $name, password: $password, role: "OWNER"}')
    api POST /api/users "$body" >/dev/null
    sign_in_owner "$slug" || die "${OWNER_EMAIL[$slug]} was made and may not sign in"
  fi
  note "$name: ${OWNER_EMAIL[$slug]}"
}

# ensure_branch SLUG CODE NAME CITY LATITUDE LONGITUDE: as the chain's owner.
ensure_branch() {
  local slug=$1 code=$2 id body
  id=$(api_list "/api/branches?page_size=200&chain_id=${CHAIN_ID[$slug]}" branches |
    jq -r --arg code "$code" 'select(.branch_code == $code) | .id')
  if [ -z "$id" ]; then
    body=$(jq -nc --arg chain "${CHAIN_ID[$slug]}" --arg code "$code" --arg name "$3" --arg city "$4" \
      --argjson latitude "$5" --argjson longitude "$6" \
      '{chain_id: $chain, branch_code: $code, name: $name, city: $city, latitude: $latitude, longitude: $longitude}')
    id=$(api POST /api/branches "$body" | jq -r .id)
  fi
  BRANCH_ID[$code]=$id
}

# new_enrollment_key BRANCH_ID USES: prints a key that is good for a week.
new_enrollment_key() {
  api POST "/api/branches/$1/enrollment-keys" "{\"max_uses\": $2, \"ttl\": \"604800s\"}" | jq -r .key
}
