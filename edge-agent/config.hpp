#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "core/bus.hpp"
#include "linux/serial_port.hpp"

namespace cartwise::edge {

/// `config.json`; README.md explains each key.
struct Config {
  struct BusEntry {
    BusSettings settings;
    RtsMode rts_mode = RtsMode::kNone;
  };
  std::string gateway;
  std::string ca;      ///< path
  std::string ca_pem;  ///< what is in it
  std::string enrollment_key;
  std::string device_name;
  std::string mac_address;
  std::string serial_number;
  std::string state_dir;
  std::vector<BusEntry> buses;

  /// INVALID_ARGUMENT with a line per fault. Makes the state folder if need be.
  static absl::StatusOr<Config> Load(const std::string& path);
  /// The same of a text, without a look at the files it names.
  static absl::StatusOr<Config> Parse(std::string_view text);
};

}  // namespace cartwise::edge
