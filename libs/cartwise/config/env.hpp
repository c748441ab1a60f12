#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/time/time.h>

namespace cartwise::config {

/// Reads settings from environment variables and remembers every fault, so
/// that a program can report all of them at once.
///
///   config::Env env;
///   const std::string listen = env.Text("CARTWISE_TENANT_LISTEN");
///   const int pool = env.Number("CARTWISE_TENANT_DATABASE_POOL", 8, 1, 100);
///   CW_RETURN_IF_ERROR(env.status());
///
/// `NAME_FILE` may name a file that holds the value instead (for secrets).
class Env {
 public:
  /// Required; a fault when unset or empty.
  std::string Text(std::string_view name);
  std::string Text(std::string_view name, std::string_view fallback);
  int Number(std::string_view name, int fallback, int min, int max);
  /// Whole seconds.
  absl::Duration Seconds(std::string_view name, absl::Duration fallback);
  /// Comma separated; empty list when unset.
  std::vector<std::string> List(std::string_view name);
  /// Required path of a readable file.
  std::string File(std::string_view name);

  /// Adds what is wrong with a value that could be read.
  void Fault(const std::string& name, const std::string& why);
  /// The same of a check whose text begins with the name; nothing for an OK.
  void Fault(const absl::Status& check);

  /// OK, or INVALID_ARGUMENT with a line per fault.
  absl::Status status() const;

 private:
  std::string Read(std::string_view name);
  std::vector<std::string> faults_;
};

}  // namespace cartwise::config
