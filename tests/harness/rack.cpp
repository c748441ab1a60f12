#include "harness/rack.hpp"

#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "cartwise/base/ids.hpp"

namespace cartwise::fleet {
namespace {

std::atomic<int> next_number = 1;

constexpr char kPassword[] = "a long enough password";

Json Must(const Answer& answer, const std::string& what) {
  if (!answer.ok()) {
    std::fprintf(stderr, "%s: %d %s\n", what.c_str(), answer.status, answer.text.c_str());
    std::abort();
  }
  return answer.body;
}

std::string Mac(int number) {
  char text[32];
  std::snprintf(text, sizeof(text), "02:00:00:%02x:%02x:%02x", (number >> 16) & 255,
                (number >> 8) & 255, number & 255);
  return text;
}

}  // namespace

std::string NewPhone() {
  char text[32];
  std::snprintf(text, sizeof(text), "+97250%07d", 2'000'000 + next_number++);
  return text;
}

Chain::Chain(Fleet& fleet, const std::string& name)
    : slug(name + "-" + std::to_string(next_number++)) {
  id = Must(fleet.platform().Post("/api/chains",
                                  {{"name", name}, {"slug", slug}, {"plan", "ENTERPRISE"}}),
            "chain")["id"];
  const std::string email = "owner@" + slug + ".test";
  Must(fleet.platform().Post("/api/users", {{"chain_id", id},
                                            {"email", email},
                                            {"name", "Owner"},
                                            {"password", kPassword},
                                            {"role", "OWNER"}}),
       "owner");
  owner = std::make_unique<Rest>(fleet.SignIn(email, kPassword));
}

Rest Chain::Staff(Fleet& fleet, const std::string& role, const Json& branch_ids) {
  const std::string email = "staff" + std::to_string(next_number++) + "@" + slug + ".test";
  Must(owner->Post("/api/users", {{"email", email},
                                  {"name", role},
                                  {"password", kPassword},
                                  {"role", role},
                                  {"branch_ids", branch_ids}}),
       "staff");
  return fleet.SignIn(email, kPassword);
}

Rack::Rack(Fleet& fleet, Chain& chain, RackOptions options)
    : fleet_(fleet),
      chain_(chain),
      options_(options),
      name_("rack" + std::to_string(next_number++)) {
  MakeBranch();
  StartBoard();
  if (options_.gate) gate_ = std::make_unique<TcpGate>(fleet_.grpc_port());
  if (!options_.agent) return;
  StartAgent();
  if (!WaitOnline()) {
    std::fprintf(stderr, "%s never came online, see %s\n", name_.c_str(),
                 fleet_.LogOf(name_ + "-agent").c_str());
    std::abort();
  }
  MakeCarts();
}

void Rack::MakeBranch() {
  branch_id_ = Must(chain_.owner->Post("/api/branches", {{"name", name_}, {"branch_code", name_}}),
                    "branch")["id"];
  enrollment_key_ =
      Must(chain_.owner->Post(Path("/enrollment-keys"), {{"max_uses", 10}}), "key")["key"];
}

void Rack::StartBoard() {
  const std::string stem = fleet_.folder() + "/" + name_;
  std::string boards = "0";
  for (int i = 1; i < options_.boards; ++i) boards += "," + std::to_string(i);
  board_process_ = Process({{Program("emulated-board"), "--tty", stem + ".tty", "--boards", boards,
                             "--log", stem + ".pulses", "--control", stem + ".sock"},
                            {},
                            fleet_.LogOf(name_ + "-board")});
  struct stat found {};
  if (!Eventually([&] { return stat((stem + ".sock").c_str(), &found) == 0; })) std::abort();
  board_ = std::make_unique<Board>(stem + ".sock", stem + ".pulses");
}

void Rack::StartAgent(const std::string& failpoint) {
  const std::string stem = fleet_.folder() + "/" + name_;
  const int port = gate_ ? gate_->port() : fleet_.grpc_port();
  mkdir((stem + ".state").c_str(), 0700);
  const Json config = {{"gateway", "localhost:" + std::to_string(port)},
                       {"ca", fleet_.ca()},
                       {"enrollment_key", enrollment_key_},
                       {"device_name", name_},
                       {"mac_address", Mac(std::stoi(name_.substr(4)))},
                       {"serial_number", "emulated"},
                       {"state_dir", stem + ".state"},
                       {"buses",
                        {{{"port", stem + ".tty"},
                          {"baudrate", 19200},
                          {"gap_ms", options_.gap_ms},
                          {"poll_interval_ms", options_.poll_interval_ms},
                          {"rts_mode", "none"}}}}};
  std::ofstream(stem + ".json") << config.dump(2);
  std::map<std::string, std::string> env;
  if (!failpoint.empty()) {
    env["CARTWISE_DEVELOPMENT"] = "1";
    env["CARTWISE_AGENT_CRASH_AT"] = failpoint;
  }
  agent_ = Process(
      {{Program("edge-agent"), "--config", stem + ".json"}, env, fleet_.LogOf(name_ + "-agent")});
}

bool Rack::WaitOnline(bool online, int seconds) {
  return Eventually(
      [&] {
        const Answer devices = chain_.owner->Get("/api/devices?branch_id=" + branch_id_);
        if (!devices.ok() || devices.body["devices"].empty()) return false;
        device_id_ = devices.body["devices"][0]["id"];
        const std::string wanted = online ? "ONLINE" : "OFFLINE";
        if (devices.body["devices"][0]["status"] != wanted) return false;
        // rental-svc hears of it a moment later, and gives out carts by what it heard.
        return !fleet_.database
                    .Sql("SELECT FROM rental.devices WHERE device_id = '" + device_id_ +
                         "' AND online = " + (online ? "true" : "false"))
                    .empty();
      },
      seconds);
}

void Rack::MakeCarts() {
  for (int board = 0, left = options_.carts; board < options_.boards && left > 0; ++board) {
    const Json controller =
        Must(chain_.owner->Post("/api/devices/" + device_id_ + "/controllers",
                                {{"controller_address", board},
                                 {"port", fleet_.folder() + "/" + name_ + ".tty"},
                                 {"has_ir", options_.has_ir}}),
             "controller");
    address_of_controller_[controller["id"]] = board;
    const int count = std::min(left, 16);
    left -= count;
    // The controller reaches rental-svc as an event.
    Answer made;
    const Json wanted = {{"controller_id", controller["id"]},
                         {"cart_number", board * 16 + 1},
                         {"locker_id", 1},
                         {"count", count}};
    Eventually([&] { return (made = chain_.owner->Post(Path("/carts"), wanted)).ok(); });
    Must(made, "carts");
  }
  const bool all_online = Eventually([&] {
    const Json carts = Carts();
    return std::all_of(carts.begin(), carts.end(), [](const Json& cart) {
      return cart["online"] == true && cart["is_locked"] == true;
    });
  });
  if (!all_online) {
    std::fprintf(stderr, "%s: carts are not ready: %s\n", name_.c_str(), Carts().dump().c_str());
    std::abort();
  }
}

std::string Rack::IdentityFile() const {
  return fleet_.folder() + "/" + name_ + ".state/identity.json";
}

Json Rack::Identity() const {
  std::ifstream file(IdentityFile());
  return Json::parse(file);
}

std::string Rack::DeviceToken() const {
  return Identity()["device_token"];
}

void Rack::PutDeviceToken(const std::string& token) {
  Json identity = Identity();
  identity["device_token"] = token;
  std::ofstream(IdentityFile()) << identity;
}

bool Rack::Knows(const std::string& order_key) const {
  return Identity()["order_keys"].contains(order_key);
}

Answer Rack::Assign(Rest& who, const std::string& phone, const std::string& key) {
  return who.Post(Path("/carts/assign"), {{"user_phone", phone}}, key);
}

Json Rack::WaitRental(const std::string& rental_id, const std::string& statuses, int seconds) {
  Json rental;
  Eventually(
      [&] {
        const Answer answer = chain_.owner->Get("/api/rentals/" + rental_id);
        if (answer.ok()) rental = answer.body;
        return answer.ok() && statuses.find(answer.body["status"]) != std::string::npos;
      },
      seconds);
  return rental;
}

Json Rack::Carts() {
  return chain_.owner->Get(Path("/carts?page_size=200")).body["carts"];
}

Json Rack::Cart(const std::string& cart_id) {
  return chain_.owner->Get(Path("/carts/" + cart_id)).body;
}

std::string Rack::PlaceOf(const std::string& cart_id) {
  const Json cart = Cart(cart_id);
  return std::to_string(address_of_controller_[cart["controller_id"]]) + " " +
         std::to_string(cart["locker_id"].get<int>());
}

int Rack::PulsesOf(const std::string& cart_id) {
  const Json cart = Cart(cart_id);
  return board_->PulsesOf(address_of_controller_[cart["controller_id"]], cart["locker_id"]);
}

Json Rack::Told(const std::string& event_type) {
  const std::string path = "/api/telemetry/branches/" + branch_id_ + "?event_type=" + event_type;
  return Must(chain_.owner->Get(path), "telemetry")["events"];
}

}  // namespace cartwise::fleet
