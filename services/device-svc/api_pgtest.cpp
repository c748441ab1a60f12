#include "api_fixture_pgtest.hpp"

namespace cartwise::device {
namespace {

TEST_CASE("an enrollment answers as the field program expects", "[api]") {
  Served f;
  const auto answer = f.Register();
  REQUIRE_OK(answer);
  CHECK(answer->mqtt_config().topic() == "cartwise/rami-levi/haifa/devices/" + answer->device_id());
  CHECK(answer->mqtt_config().port() == 1883);
  CHECK(answer->chain_id() == f.haifa.chain.value());
  CHECK(answer->order_keys().at("device-test") == f.device_key.PublicPem());
  CHECK(f.Count("device.devices WHERE token_hash = '" + answer->device_token() + "'") == 0);
  CHECK_REFUSED(f.Register("bad"), "ENROLLMENT_KEY_INVALID");
}

TEST_CASE("a command of staff goes to the agent and comes back with its proof", "[api]") {
  Served f;
  const auto enrolled = f.Register();
  REQUIRE_OK(enrolled);
  Agent agent(f, enrolled->device_token());
  agent.Hello();
  REQUIRE(agent.Next().has_welcome());
  const std::string token = f.Token(TwoChains::Staff(f.haifa, Role::kInstaller));
  v1::CreateCommandRequest req;
  req.set_device_id(enrolled->device_id());
  req.set_kind("lock.unlock");
  req.set_purpose("a test");
  (*req.mutable_arguments()->mutable_fields())["lock"].set_number_value(3);
  v1::Command done;
  grpc::Status status;
  std::thread caller([&] {
    Call call(token, "once");
    status = f.commands_stub->CreateCommand(&call, req, &done);
  });

  v1::ControlResponse message = agent.Next();
  while (!message.has_order()) message = agent.Next();
  v1::Order order;
  REQUIRE(order.ParseFromString(message.order().order()));
  CHECK(order.arguments().fields().at("lock").number_value() == 3);
  CHECK(order.not_after_ms() > 1'000'000);
  v1::ControlRequest report;
  report.mutable_result()->set_command_id(order.command_id());
  report.mutable_result()->set_outcome(v1::CommandResult::SUCCEEDED);
  (*report.mutable_result()->mutable_seen()->mutable_fields())["pulses"].set_number_value(1);
  agent.stream->Write(report);
  caller.join();

  REQUIRE_OK(rpc::FromGrpc(status));
  CHECK(done.state() == v1::Command::SUCCEEDED);
  CHECK(done.attempts() == 1);
  CHECK(agent.Next().result_committed() == order.command_id());

  v1::Command again;
  Call repeat(token, "once");
  REQUIRE_OK(rpc::FromGrpc(f.commands_stub->CreateCommand(&repeat, req, &again)));
  CHECK(again.id() == done.id());
  (*req.mutable_arguments()->mutable_fields())["lock"].set_number_value(4);
  Call other(token, "once");
  CHECK_GRPC_REFUSED(f.commands_stub->CreateCommand(&other, req, &again), "IDEMPOTENCY_KEY_REUSED");
  CHECK(f.Count("device.commands") == 1);

  // What a person opens is in the audit log twice: before it is sent, and how it ended.
  const std::string deeds =
      "device.outbox WHERE subject = '" + done.id() + "' AND audit IS NOT NULL";
  CHECK(f.Count(deeds) == 2);
  CHECK(f.Count(deeds + " AND type = 'command.requested' AND audit->>'role' = 'INSTALLER' AND "
                        "audit->>'reason' = 'lock.unlock: a test'") == 1);
  CHECK(f.Count(deeds + " AND type = 'command.settled' AND audit->>'actor' LIKE 'user:%' AND "
                        "audit->>'reason' = 'SUCCEEDED'") == 1);
}

TEST_CASE("a bad command is refused with nothing written", "[api]") {
  Served f;
  const auto enrolled = f.Register();
  REQUIRE_OK(enrolled);
  const std::string token = f.Token(TwoChains::Staff(f.haifa, Role::kInstaller));
  const auto create = [&](auto spoil, const std::string& as) {
    v1::CreateCommandRequest req;
    req.set_device_id(enrolled->device_id());
    req.set_kind("lock.unlock");
    req.set_purpose("a test");
    spoil(req);
    v1::Command out;
    Call call(as);
    return f.commands_stub->CreateCommand(&call, req, &out);
  };
  CHECK_GRPC_REFUSED(create([](auto&) {}, token), "DEVICE_OFFLINE");
  CHECK_GRPC_REFUSED(create([](auto& req) { req.set_purpose(""); }, token), "INVALID_FIELD");
  CHECK_GRPC_REFUSED(create([](auto& req) { req.set_kind("open all"); }, token), "INVALID_FIELD");
  CHECK_GRPC_REFUSED(create([](auto& req) { req.set_ttl_ms(99); }, token), "INVALID_FIELD");
  CHECK_GRPC_REFUSED(create(
                         [](auto& req) {
                           (*req.mutable_arguments()->mutable_fields())["x"].set_string_value(
                               std::string("\0", 1));
                         },
                         token),
                     "INVALID_FIELD");
  CHECK_GRPC_REFUSED(create([](auto&) {}, f.Token(TwoChains::Staff(f.tel_aviv, Role::kOwner))),
                     "DEVICE_NOT_FOUND");
  CHECK_GRPC_REFUSED(create([](auto&) {}, f.Token(TwoChains::Staff(f.haifa, Role::kViewer))),
                     "NOT_ALLOWED");
  CHECK(f.Count("device.commands") == 0);
  // The first one was wanted, and nobody was there to do it.
  CHECK(f.Events("command.requested") == 1);
}

TEST_CASE("a list is read page by page", "[api]") {
  Served f;
  for (int i = 1; i <= 5; ++i) f.Enrolled(f.haifa, "02:00:00:00:00:0" + std::to_string(i));
  const std::string token = f.Token(TwoChains::Staff(f.haifa, Role::kViewer));
  std::vector<std::string> names;
  v1::ListDevicesRequest req;
  req.set_page_size(2);
  do {
    v1::ListDevicesResponse page;
    Call call(token);
    REQUIRE(f.devices_stub->ListDevices(&call, req, &page).ok());
    for (const auto& device : page.devices()) names.push_back(device.device_name());
    CHECK(page.devices_size() <= 2);
    req.set_page_token(page.next_page_token());
  } while (!req.page_token().empty());
  CHECK(names.size() == 5);
  CHECK(std::is_sorted(names.begin(), names.end()));
}

TEST_CASE("a device sees itself with its own token, and no other", "[api]") {
  Served f;
  const auto enrolled = f.Register();
  REQUIRE_OK(enrolled);
  const Device other = f.Enrolled(f.haifa);
  v1::GetDeviceRequest req;
  v1::Device out;
  req.set_id(enrolled->device_id());
  Call own(enrolled->device_token());
  CHECK(f.devices_stub->GetDevice(&own, req, &out).ok());
  req.set_id(other.id.value());
  Call foreign(enrolled->device_token());
  CHECK_GRPC_REFUSED(f.devices_stub->GetDevice(&foreign, req, &out), "DEVICE_NOT_FOUND");

  // The token is signed well and not the current one any more.
  REQUIRE_OK(f.Register());
  req.set_id(enrolled->device_id());
  Call stale(enrolled->device_token());
  CHECK_GRPC_REFUSED(f.devices_stub->GetDevice(&stale, req, &out), "BAD_TOKEN");
}

}  // namespace
}  // namespace cartwise::device
