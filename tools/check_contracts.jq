# Reads a descriptor set as JSON, prints findings.

# Methods that write and are in no audit log, and why not.
{
  "cartwise.device.v1.AgentService.Control": "a device's own word; what follows from it is audited where it is decided",
  "cartwise.device.v1.AgentService.Upload": "the same, later",
  "cartwise.device.v1.DeviceService.SendHeartbeat": "that a device is there is no deed",
  "cartwise.events.v1.EventSinkService.Deliver": "carries deeds to the log",
  "cartwise.privacy.v1.PersonalDataHolderService.Erase": "a part of an erasure, which is audited",
  "cartwise.tenant.v1.ApiKeyExchangeService.ExchangeApiKey": "writes when the key was used last; what the key then does is audited",
  "cartwise.tenant.v1.RevocationService.WatchRevocations": "changes nothing, but may not be called again by itself",
  "cartwise.telemetry.v1.TelemetryIngestService.Ingest": "measurements",
  "cartwise.telemetry.v1.TelemetryService.IngestTelemetry": "measurements",
  "cartwise.tenant.v1.AuthService.Refresh": "goes on with a sign-in that is in the log; a reused token is written",
  "cartwise.tenant.v1.OtpService.RequestOtp": "nobody is known yet; counted in tables of its own",
  "cartwise.tenant.v1.OtpService.VerifyOtp": "a shopper's sign-in; what the shopper does then is in the log"
} as $unaudited

# {".cartwise.x.v1.Message": [field names]} of top-level messages.
| ([.file[] | .package as $package | .messageType[]?
  | {key: ".\($package).\(.name)", value: [.field[]?.name]}] | from_entries) as $fields

# What each service and method carries as a comment, by "file path".
| ([.file[] | .name as $file | .sourceCodeInfo.location[]?
    | select(.leadingComments) | {key: "\($file) \(.path | map(tostring) | join("."))", value: .leadingComments}]
   | from_entries) as $comments

| .file[] | select(.package | startswith("cartwise.")) | .name as $file | .package as $package
| (.service // []) | to_entries[] | .key as $s | .value as $service
| (if $comments["\($file) 6.\($s)"] then empty else "\($package).\($service.name): no comment" end),
  ($service.method | to_entries[] | .key as $m | .value as $method
   | "\($package).\($service.name).\($method.name)" as $name
   | $method.options["[cartwise.options.v1.policy]"] as $policy
   | $method.options["[google.api.http]"] as $http
   | ($fields[$method.inputType] // []) as $input
   | (if ($comments["\($file) 6.\($s).2.\($m)"] // "" | length) >= 10 then empty else "\($name): no comment" end),
     (if $policy == null then "\($name): no policy" else
        (if ($policy.principals // []) == [] then "\($name): the policy names no principal" else empty end),
        (if $policy.rate then empty else "\($name): the policy has no rate class" end),
        (if ($policy.principals // [] | (index("STAFF") and (index("ANONYMOUS") | not))) and ($policy.least_role // $policy.leastRole) == null
         then "\($name): staff may call it and no least_role is set" else empty end),
        (if $policy.rate == "READ" or $policy.audited or $unaudited[$name] then empty
         else "\($name): writes, and is neither audited nor on the list of what need not be" end),
        (if $policy.audited and $unaudited[$name] then "\($name): audited, and on the list of what need not be" else empty end),
        (if $policy.internal and $http then "\($name): internal, and has a REST route" else empty end),
        (if ($policy.internal | not) and $http == null and ($method.clientStreaming | not) and ($method.serverStreaming | not)
         then "\($name): served to the outside without a REST route" else empty end),
        (if ($policy.internal // false) and (($policy.principals // []) != ["SERVICE"])
         then "\($name): internal, and somebody else than SERVICE may call it" else empty end),
        (if ($http.get // $http.put // $http.delete) and ($policy.idempotent | not)
         then "\($name): GET, PUT and DELETE must be idempotent" else empty end),
        ([$policy.chainField, $policy.branchField, $policy.deviceField, $policy.chain_field, $policy.branch_field, $policy.device_field]
         | .[] | select(. != null) | . as $field | select($input | index($field) | not)
         | "\($name): the policy names \($field), which the request does not have")
      end),
     (($http // {} | .get // .put // .post // .delete // .patch // "") | [scan("\\{([a-z_]+)")] | .[][0] | . as $field
      | select($input | index($field) | not) | "\($name): the path names \($field), which the request does not have"),
     (($http // {} | .get // .put // .post // .delete // .patch // null) | select(. != null)
      | select(startswith("/api/") | not) | "\($name): the path is not under /api"))
