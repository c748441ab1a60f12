#include "config.hpp"

#include <set>

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "cartwise/base/status_macros.hpp"
#include "linux/atomic_file.hpp"
#include "linux/value_json.hpp"

namespace cartwise::edge {
namespace {

const std::set<int64_t> kBaudrates = {9600, 19200, 57600, 115200};

// Reads members of one object and remembers what is wrong with them.
class Reader {
 public:
  Reader(const Value& object, std::string where, std::vector<std::string>& faults)
      : object_(object), where_(std::move(where)), faults_(faults) {}

  std::string Text(const std::string& name, bool required = true) {
    known_.insert(name);
    const Value* const value = object_.Find(name);
    const std::string text = object_.Text(name);
    if (value != nullptr && text.empty() && !std::holds_alternative<std::string>(value->data())) {
      Fault(name, "must be a text");
    } else if (required && text.empty()) {
      Fault(name, "is required");
    }
    return text;
  }

  int64_t Whole(const std::string& name, int64_t fallback, int64_t min, int64_t max) {
    known_.insert(name);
    if (object_.Find(name) == nullptr) return fallback;
    const auto number = object_.Whole(name);
    if (number && *number >= min && *number <= max) return *number;
    Fault(name, absl::StrCat("must be a whole number from ", min, " to ", max));
    return fallback;
  }

  int64_t OneOf(const std::string& name, int64_t fallback, const std::set<int64_t>& allowed) {
    known_.insert(name);
    if (object_.Find(name) == nullptr) return fallback;
    const auto number = object_.Whole(name);
    if (number && allowed.contains(*number)) return *number;
    Fault(name, absl::StrCat("must be one of ", absl::StrJoin(allowed, ", ")));
    return fallback;
  }

  const Value::List& List(const std::string& name) {
    static const Value::List kNone;
    known_.insert(name);
    const Value* const value = object_.Find(name);
    if (value == nullptr || !std::holds_alternative<Value::List>(value->data()) ||
        std::get<Value::List>(value->data()).empty()) {
      Fault(name, "must be a list with at least one entry");
      return kNone;
    }
    return std::get<Value::List>(value->data());
  }

  // A misspelt key would silently do nothing.
  void RefuseOthers() {
    const auto* const members = std::get_if<Value::Object>(&object_.data());
    if (members == nullptr) {
      Fault("", "must be an object");
      return;
    }
    for (const Value::Member& member : *members) {
      if (!known_.count(member.name)) Fault(member.name, "is no known key");
    }
  }

  void Fault(const std::string& name, const std::string& what) {
    faults_.push_back(absl::StrCat(where_, name, ": ", what));
  }

 private:
  const Value& object_;
  const std::string where_;
  std::vector<std::string>& faults_;
  std::set<std::string> known_;
};

Config::BusEntry ReadBus(const Value& value, size_t index, std::vector<std::string>& faults) {
  Reader reader(value, absl::StrCat("buses[", index, "]."), faults);
  Config::BusEntry bus;
  bus.settings.port = reader.Text("port");
  bus.settings.baudrate = static_cast<int>(reader.OneOf("baudrate", 19200, kBaudrates));
  bus.settings.gap = absl::Milliseconds(reader.Whole("gap_ms", 25, 0, 1000));
  bus.settings.poll_interval = absl::Milliseconds(reader.Whole("poll_interval_ms", 0, 0, 10'000));
  const std::string rts = reader.Text("rts_mode", /*required=*/false);
  if (rts == "kernel") {
    bus.rts_mode = RtsMode::kKernel;
  } else if (rts == "software") {
    bus.rts_mode = RtsMode::kSoftware;
  } else if (!rts.empty() && rts != "none") {
    reader.Fault("rts_mode", "must be none, kernel or software");
  }
  reader.RefuseOthers();
  return bus;
}

absl::Status Listed(const std::vector<std::string>& faults) {
  if (faults.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(faults, "\n"));
}

bool IsMacAddress(const std::string& text) {
  if (text.size() != 17) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool colon = i % 3 == 2;
    if (colon ? text[i] != ':' : !absl::ascii_isxdigit(static_cast<unsigned char>(text[i]))) {
      return false;
    }
  }
  return true;
}

bool IsHostAndPort(const std::string& text) {
  const size_t colon = text.rfind(':');
  int port = 0;
  return colon != std::string::npos && colon > 0 &&
         absl::SimpleAtoi(text.substr(colon + 1), &port) && port > 0 && port < 65536;
}

Config ReadConfig(const Value& value, std::vector<std::string>& faults) {
  Reader reader(value, "", faults);
  Config config;
  config.gateway = reader.Text("gateway");
  config.ca = reader.Text("ca");
  config.enrollment_key = reader.Text("enrollment_key", /*required=*/false);
  config.device_name = reader.Text("device_name", /*required=*/false);
  config.mac_address = reader.Text("mac_address");
  config.serial_number = reader.Text("serial_number", /*required=*/false);
  config.state_dir = reader.Text("state_dir");
  if (!config.gateway.empty() && !IsHostAndPort(config.gateway)) {
    reader.Fault("gateway", "must be host:port");
  }
  if (!config.mac_address.empty() && !IsMacAddress(config.mac_address)) {
    reader.Fault("mac_address", "must be six hex pairs with colons");
  }
  std::set<std::string> ports;
  const Value::List& buses = reader.List("buses");
  for (size_t i = 0; i < buses.size(); ++i) {
    config.buses.push_back(ReadBus(buses[i], i, faults));
    const std::string& port = config.buses.back().settings.port;
    if (!port.empty() && !ports.insert(port).second) {
      faults.push_back(absl::StrCat("buses[", i, "].port: is used twice"));
    }
  }
  reader.RefuseOthers();
  return config;
}

absl::StatusOr<Config> ParseInto(std::string_view text, std::vector<std::string>& faults) {
  const auto value = FromJson(text);
  if (!value.ok()) return absl::InvalidArgumentError("the configuration is not JSON");
  return ReadConfig(*value, faults);
}

}  // namespace

absl::StatusOr<Config> Config::Load(const std::string& path) {
  const auto text = ReadWholeFile(path);
  if (!text.ok()) return absl::InvalidArgumentError(std::string(text.status().message()));
  std::vector<std::string> faults;
  CW_ASSIGN_OR_RETURN(Config config, ParseInto(*text, faults));
  if (const auto pem = ReadWholeFile(config.ca); pem.ok() && !pem->empty()) {
    config.ca_pem = *pem;
  } else if (!config.ca.empty()) {
    faults.push_back("ca: cannot read " + config.ca);
  }
  if (const absl::Status made = MakePrivateFolder(config.state_dir);
      !config.state_dir.empty() && !made.ok()) {
    faults.push_back("state_dir: " + std::string(made.message()));
  }
  CW_RETURN_IF_ERROR(Listed(faults));
  return config;
}

absl::StatusOr<Config> Config::Parse(std::string_view text) {
  std::vector<std::string> faults;
  CW_ASSIGN_OR_RETURN(Config config, ParseInto(text, faults));
  CW_RETURN_IF_ERROR(Listed(faults));
  return config;
}

}  // namespace cartwise::edge
