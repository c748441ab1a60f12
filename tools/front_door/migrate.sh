# Roles, schemas and migrations. Migrations are a step of their own, run by the
# owner of each schema; no service migrates itself.

# psql_at URL ARGS...: quiet, stops at the first error.
psql_at() {
  local url=$1 password
  shift
  password=${url#*://*:}
  PGPASSWORD=${password%%@*} "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 "${url/:${password%%@*}@/@}" "$@"
}

ROLES=(cartwise_{tenant,device,rental,telemetry}_{owner,app} cartwise_inspector)

# bootstrap SERVER_URL DATABASE PASSWORD_OF: roles and schemas. PASSWORD_OF is a
# function that prints the password of a role. Passwords go through standard
# input, since a command line can be read by everybody.
bootstrap() {
  local server=$1 database=$2 password_of=$3 role
  {
    for role in "${ROLES[@]}"; do printf "\\set %s '%s'\n" "$role" "$("$password_of" "$role")"; done
    cat "$ROOT/tools/front_door/sql/bootstrap_roles.sql"
  } | psql_at "$server/postgres"
  if [ -z "$(psql_at "$server/postgres" -Atc "select 1 from pg_database where datname = '$database'")" ]; then
    psql_at "$server/postgres" -c "create database $database"
  fi
  psql_at "$server/$database" -f "$ROOT/tools/front_door/sql/bootstrap_schemas.sql"
}

# run_migrations SCHEMA OWNER_URL: what is not applied yet, in order, to a database on
# this machine. A service may read which migrations ran, and not change it.
run_migrations() {
  local schema=$1 url=$2 dir=$ROOT/services/$1-svc/migrations
  [ -d "$dir" ] || die "services/$schema-svc/migrations is missing"
  [[ $url == *@127.0.0.1:* ]] || die "a database on another machine is migrated as docs/development.md says"
  DATABASE_URL="$url?sslmode=disable" "$ROOT/node_modules/.bin/dbmate" --migrations-dir "$dir" \
    --migrations-table "$schema.schema_migrations" --no-dump-schema migrate --strict &&
    psql_at "$url" -c "revoke insert, update, delete on $schema.schema_migrations from cartwise_${schema}_app"
}

fleet_password() { secret "pg-${1//_/-}"; }

migrate_fleet() {
  local schema output
  bootstrap "postgresql://postgres:$(fleet_password postgres)@127.0.0.1:$CARTWISE_PG_PORT" cartwise fleet_password
  for schema in "${SCHEMAS[@]}"; do
    output=$(run_migrations "$schema" "$(db_url "cartwise_${schema}_owner")" 2>&1) || {
      printf '%s\n' "$output" >&2
      die "a migration of $schema failed; what it had applied before stays, the failed one left nothing"
    }
    [ -z "$output" ] || sed "s/^/    $schema: /" <<<"$output"
  done
}

cmd_migrate() {
  make_state_dirs
  load_settings
  database_running || die "the database is not running; ./cartwise up starts it"
  migrate_fleet
}
