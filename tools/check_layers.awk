# One pass over all sources: each #include against the rules of the room its file stands in.
# Words: a room is a folder with rules of its own; a kind is what an include is.

BEGIN {
  # What each library may use of the others.
  lib["base"] = ""; lib["process"] = "base obs"; lib["config"] = "base"; lib["auth"] = "base config obs"; lib["obs"] = "base config"
  lib["pg"] = "base config obs"; lib["rpc"] = "base config obs auth http2"
  lib["phone"] = "base"; lib["http"] = "base"; lib["http2"] = "base"
  lib["outbox"] = "base config obs pg rpc auth"; lib["testing"] = "base config obs pg rpc auth"
  for (name in lib) uses["lib:" name] = libs(lib[name]) " lib:" name " system"

  uses["domain"] = "lib:base lib:phone domain"
  # auth: what is stored encrypted is sealed where it is stored.
  uses["storage"] = "lib:base lib:pg lib:outbox lib:auth domain storage json"
  uses["api"] = "lib:base lib:phone lib:auth lib:rpc lib:outbox domain api proto grpc"
  # Ports of the domain that need no database: other services, keys, the operator's logs.
  uses["adapters"] = "lib:base lib:obs lib:auth lib:rpc domain adapters proto grpc"
  uses["wiring"] = "lib:base lib:process lib:config lib:obs lib:pg lib:rpc lib:auth lib:outbox lib:phone domain storage api adapters sms wiring proto grpc"
  # Ways to send a message, behind a port of the domain.
  uses["sms"] = "lib:base lib:obs lib:http domain sms json system"
  uses["gateway"] = "lib:base lib:process lib:config lib:obs lib:rpc lib:auth lib:http2 gateway proto grpc boost json hiredis nghttp2 crypto system"
  uses["core"] = "lib:base core"
  uses["linux"] = "lib:base lib:config lib:obs lib:auth core linux proto grpc system sqlite json"
  uses["sim"] = "lib:base lib:config core sim system json"
  uses["agent"] = "lib:base lib:process lib:config lib:obs lib:auth core linux sim agent proto grpc system json"
  uses["fuzz"] = "lib:base core"
  # Black-box programs around the fleet: they see contracts and libraries, no service's inside. But
  # the bench runs rental-svc's own statements, and calls services as the gateway does.
  uses["outside"] = "lib:base lib:config lib:obs lib:pg lib:rpc lib:auth lib:outbox lib:testing outside core sim proto grpc boost json system libpq sqlite sql http2"

  # Third parties and the library that hides each.
  uses["lib:pg"] = uses["lib:pg"] " libpq"
  uses["lib:auth"] = uses["lib:auth"] " crypto json"
  uses["lib:obs"] = uses["lib:obs"] " spdlog prometheus json boost"
  uses["lib:http2"] = uses["lib:http2"] " boost nghttp2 crypto"
  uses["lib:rpc"] = uses["lib:rpc"] " proto grpc json boost"
  uses["lib:outbox"] = uses["lib:outbox"] " proto grpc"
  uses["lib:testing"] = uses["lib:testing"] " catch proto grpc"

  why["domain"] = "domain sees libs base and phone only: rules know no storage, transport or protobuf"
  why["sms"] = "a way to send messages sees domain, base, obs, http and JSON"
  why["storage"] = "storage sees domain, base, pg, outbox, auth and JSON"
  why["adapters"] = "an adapter sees domain, base, obs, auth, rpc and generated protos"
  why["api"] = "api sees domain, base, phone, rpc, auth, outbox and generated protos"
  why["wiring"] = "main and config wire libraries and rooms; third parties stay inside their library"
  why["gateway"] = "the gateway holds no data and knows no service's inside"
  why["core"] = "the agent's core is pure: no system, no protobuf, no library but base"
  why["linux"] = "linux adapts core to the machine: core, base, config, obs, auth, protos, sqlite"
  why["sim"] = "the emulated board knows core and the system only"
  why["agent"] = "the agent's main wires core, linux and libraries"
  why["fuzz"] = "a fuzz target drives the core"
  why["outside"] = "tests and bench see the fleet from outside"
}

FNR == 1 { room = room_of(FILENAME); test = (FILENAME ~ /_(test|pgtest|fake)\.(cpp|hpp)$/ || FILENAME ~ /^edge-agent\/fuzz\//) }

/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
  quote = $0; sub(/^[ \t]*#[ \t]*include[ \t]*/, "", quote)
  path = quote; sub(/^[<"]/, "", path); sub(/[>"].*$/, "", path)
  kind = kind_of(path, substr(quote, 1, 1))
  if (kind == "free" || room == "") next
  if (contains(uses[room], kind)) next
  if (test && contains("lib:testing catch", kind)) next
  # A test on PostgreSQL stands beside what it tests and needs the store under it.
  if (FILENAME ~ /_pgtest\.cpp$/ && contains("lib:pg lib:config lib:obs storage domain api", kind)) next
  printf "%s:%d: %s: %s\n", FILENAME, FNR, quote, reason(room, kind)
  bad = 1
}

END { exit bad }

function room_of(file, part) {
  split(file, part, "/")
  if (part[1] == "libs") return "lib:" part[3]
  if (part[1] == "tests" || part[1] == "bench") return "outside"
  if (part[1] == "services") {
    if (part[2] == "gateway-svc") return "gateway"
    if (part[3] ~ /^(domain|storage|api|adapters|sms)$/) return part[3]
    return "wiring"
  }
  if (part[1] == "edge-agent") return part[2] ~ /^(core|linux|sim|fuzz)$/ ? part[2] : "agent"
  return ""
}

function kind_of(path, mark, part) {
  split(path, part, "/")
  if (path ~ /\.pb\.h$/) return path ~ /^google\// ? "grpc" : "proto"
  if (mark == "\"") {
    if (part[1] == "cartwise") return "lib:" part[2]
    if (room == "outside" && path ~ /^storage\/.*_sql\.hpp$/) return "sql"
    if (path ~ /^(domain|storage|api|adapters|sms|core|linux|sim)\//) return part[1]
    # Another of the same folder tree: the service's or the agent's own.
    if (path ~ /^\.\./) return "a path that climbs"
    if (room == "outside") return path ~ /^(harness|e2e)\// || path !~ /\// ? room : part[1]
    if (room == "gateway" || room == "agent" || room == "linux") return room
    return "wiring"
  }
  if (part[1] == "absl") return "free"
  if (path == "libpq-fe.h") return "libpq"
  if (part[1] ~ /^(grpc|grpcpp|google)$/) return "grpc"
  if (part[1] == "boost") return "boost"
  if (part[1] ~ /^(openssl|sodium)$/ || path == "sodium.h") return "crypto"
  if (part[1] == "nlohmann") return "json"
  if (part[1] ~ /^(spdlog|fmt)$/) return "spdlog"
  if (part[1] == "prometheus") return "prometheus"
  if (part[1] == "catch2") return "catch"
  if (path == "sqlite3.h") return "sqlite"
  if (part[1] == "hiredis") return "hiredis"
  if (part[1] == "nghttp2") return "nghttp2"
  # The language's own headers have neither folder nor ending.
  if (path !~ /[\/.]/) return "free"
  return "system"
}

function reason(room, kind) {
  if (kind == "a path that climbs") return "includes are rooted, never relative"
  if (kind == "proto" || kind == "grpc") { if (!(room in why)) return "only rpc and outbox see protobuf and gRPC" }
  if (room in why) return why[room]
  return room " may use " (uses[room] == " " room ? "nothing of ours" : uses[room])
}

function contains(list, word) { return index(" " list " ", " " word " ") > 0 }

function libs(list, n, part, i, all) {
  n = split(list, part, " "); all = ""
  for (i = 1; i <= n; i++) all = all " lib:" part[i]
  return all
}
