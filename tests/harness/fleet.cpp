#include "harness/fleet.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cartwise/base/ids.hpp"

namespace cartwise::fleet {
namespace {

constexpr const char* kServices[] = {"tenant-svc", "device-svc", "rental-svc", "telemetry-svc",
                                     "gateway-svc"};
constexpr char kPlatformEmail[] = "platform@example.test";
constexpr char kPlatformPassword[] = "correct horse battery staple";

[[noreturn]] void Fail(const std::string& why) {
  std::fprintf(stderr, "fleet: %s\n", why.c_str());
  std::abort();
}

// "rental-svc" -> "rental"
std::string AreaOf(const std::string& service) {
  return service.substr(0, service.find('-'));
}

// postgresql://user:password@host:port/database, at a server that proves its name.
std::string Elsewhere(const std::string& url, int port, const std::string& ca) {
  return url.substr(0, url.find('@')) + "@db.example.test:" + std::to_string(port) +
         url.substr(url.rfind('/')) + "?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=" + ca;
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), ::toupper);
  return text;
}

// Short: a unix socket's path must fit in 107 bytes.
std::string MakeFolder() {
  char path[] = "/tmp/cw-XXXXXX";
  if (mkdtemp(path) == nullptr) Fail("cannot make a folder under /tmp");
  return path;
}

void MakeIdentities(const std::string& folder) {
  const std::string script =
      "set -e; SERVICES=(tenant-svc device-svc rental-svc telemetry-svc gateway-svc); "
      "CERT_DIR=" +
      folder + "/certs; KEY_DIR=" + folder +
      "/keys; "
      "mkdir -p $CERT_DIR $KEY_DIR/private $KEY_DIR/public; "
      "source " CARTWISE_SOURCE_DIR "/tools/front_door/certs.sh; make_identities";
  if (std::system(("bash -c '" + script + "'").c_str()) != 0) Fail("certificates failed");
}

}  // namespace

std::string Program(const std::string& name) {
  return std::string(CARTWISE_BIN_DIR "/") + name;
}

Fleet::Fleet(std::map<std::string, std::string> settings)
    : settings_(std::move(settings)), folder_(MakeFolder()) {
  MakeIdentities(folder_);
  for (const char* service : kServices) {
    ports_[service] = FreePort();
    ports_[std::string(service) + "-probe"] = FreePort();
  }
  ports_["gateway-grpc"] = FreePort();
  ports_["device-svc-streams"] = FreePort();
  http_ = "http://127.0.0.1:" + std::to_string(ports_["gateway-svc"]);
  MakePlatformAdmin();
  for (const char* service : kServices) Start(service);
  platform_ = std::make_unique<Rest>(SignIn(kPlatformEmail, kPlatformPassword));
}

Fleet::~Fleet() {
  services_.clear();
  if (std::getenv("CARTWISE_KEEP_FLEET") == nullptr) std::filesystem::remove_all(folder_);
}

std::map<std::string, std::string> Fleet::EnvironmentOf(const std::string& service) const {
  const auto local = [&](const std::string& name) {
    return "127.0.0.1:" + std::to_string(ports_.at(name));
  };
  const std::string area = Upper(AreaOf(service));
  auto env = settings_;
  env["CARTWISE_" + area + "_LISTEN"] = local(service);
  env["CARTWISE_" + area + "_METRICS_LISTEN"] = local(service + "-probe");
  env["CARTWISE_TLS_CA"] = ca();
  env["CARTWISE_TLS_CERT"] = folder_ + "/certs/" + service + ".pem";
  env["CARTWISE_TLS_KEY"] = folder_ + "/certs/" + service + ".key";
  env["CARTWISE_TOKEN_KEYS_DIR"] = folder_ + "/keys/public";
  for (const char* other : kServices) {
    env["CARTWISE_" + Upper(AreaOf(other)) + "_TARGET"] = local(other);
  }
  env["CARTWISE_DEVICE_STREAMS_LISTEN"] = local("device-svc-streams");
  env["CARTWISE_DEVICE_STREAMS_TARGET"] = local("device-svc-streams");
  if (service == "gateway-svc") {
    env["CARTWISE_GATEWAY_HTTP_LISTEN"] = local(service);
    env["CARTWISE_GATEWAY_GRPC_LISTEN"] = local("gateway-grpc");
    // The tests and all their agents come from one address.
    env["CARTWISE_GATEWAY_RATE_SHOPPER"] = "0";
    env["CARTWISE_GATEWAY_RATE_ADDRESS"] = "0";
    env["CARTWISE_GATEWAY_RATE_SIGN_IN"] = "0";
    env["CARTWISE_GATEWAY_CORS_ORIGINS"] = "https://app.example.test";
  } else {
    const std::string url = database.UrlOf(AreaOf(service));
    env["CARTWISE_" + area + "_DATABASE_URL"] =
        database_port_ == 0 ? url : Elsewhere(url, database_port_, ca());
    env["CARTWISE_TEST_ALLOW_FSYNC_OFF"] = "1";
  }
  env["CARTWISE_TENANT_SIGNING_KEYS_DIR"] = folder_ + "/keys/tenant";
  env["CARTWISE_TENANT_PHONE_KEY_FILE"] = folder_ + "/keys/private/phone.key";
  env["CARTWISE_TENANT_DATA_HOLDERS"] = "rental-svc=" + local("rental-svc");
  env["CARTWISE_DEVELOPMENT"] = "1";
  env["CARTWISE_TENANT_SMS_PROVIDER"] = "console";
  env["CARTWISE_TENANT_SMS_CONSOLE_FILE"] = folder_ + "/sms.jsonl";
  env["CARTWISE_DEVICE_SIGNING_KEYS_DIR"] = folder_ + "/keys/device";
  env["CARTWISE_DEVICE_MQTT_BROKER"] = "mqtt.example.test";
  env["CARTWISE_DEVICE_MQTT_PORT"] = "8883";
  env["CARTWISE_RENTAL_PHONE_KEY_FILE"] = folder_ + "/keys/private/phone.key";
  return env;
}

void Fleet::MakePlatformAdmin() {
  const std::string file = folder_ + "/platform.password";
  std::ofstream(file) << kPlatformPassword;
  const int code = Command(
      "tenant-svc", {"create-platform-admin", "--email", kPlatformEmail, "--password-file", file},
      LogOf("tenant-svc"));
  if (code != 0) Fail("create-platform-admin failed, see " + LogOf("tenant-svc"));
}

void Fleet::MoveTo(int database_port) {
  for (const char* service : kServices) Stop(service, SIGTERM);
  database_port_ = database_port;
  for (const char* service : kServices) Start(service);
}

int Fleet::Command(const std::string& service, const std::vector<std::string>& arguments,
                   const std::string& log) const {
  std::vector<std::string> words = {Program(service)};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return Process({words, EnvironmentOf(service), log}).Wait();
}

void Fleet::Start(const std::string& service) {
  StartAs(service, service, EnvironmentOf(service));
}

void Fleet::StartReplica(const std::string& service, const std::string& name,
                         const std::map<std::string, std::string>& settings) {
  ports_[name] = FreePort();
  ports_[name + "-probe"] = FreePort();
  ports_[name + "-streams"] = FreePort();
  auto env = EnvironmentOf(service);
  const std::string prefix = "CARTWISE_" + Upper(AreaOf(service));
  env[prefix + "_LISTEN"] = "127.0.0.1:" + std::to_string(ports_[name]);
  env[prefix + "_METRICS_LISTEN"] = "127.0.0.1:" + std::to_string(ports_[name + "-probe"]);
  env[prefix + "_STREAMS_LISTEN"] = "127.0.0.1:" + std::to_string(ports_[name + "-streams"]);
  for (const auto& [key, value] : settings) env[key] = value;
  StartAs(service, name, env);
}

void Fleet::StartAs(const std::string& service, const std::string& name,
                    const std::map<std::string, std::string>& env) {
  services_[name] = Process({{Program(service)}, env, LogOf(name)});
  Rest probe("http://127.0.0.1:" + std::to_string(ports_.at(name + "-probe")));
  const bool ready = Eventually([&] {
    if (!services_[name].Running()) Fail(name + " ended, see " + LogOf(name));
    return probe.Get("/readyz").ok();
  });
  if (!ready) Fail(name + " is not ready, see " + LogOf(name));
}

void Fleet::Stop(const std::string& service, int signal) {
  services_[service].Signal(signal);
  services_[service].Wait();
}

Rest Fleet::SignIn(const std::string& email, const std::string& password) const {
  const Answer session =
      Anonymous().Post("/api/auth/login", {{"email", email}, {"password", password}});
  if (!session.ok()) Fail("sign-in of " + email + ": " + session.text);
  return Rest(http_, session.body["access_token"]);
}

}  // namespace cartwise::fleet
