#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include <absl/status/status.h>

namespace cartwise::obs {

/// One member of a JSON log line.
struct Field {
  std::string_view name;
  std::string value;

  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const char* v) : name(n), value(v) {}
  Field(std::string_view n, const std::string& v) : name(n), value(v) {}
  Field(std::string_view n, int64_t v) : name(n), value(std::to_string(v)), number(true) {}
  Field(std::string_view n, int v) : name(n), value(std::to_string(v)), number(true) {}
  Field(std::string_view n, double v) : name(n), value(std::to_string(v)), number(true) {}

  bool number = false;
};

using Fields = std::initializer_list<Field>;

/// Starts logging: JSON lines on standard output with ts, level, msg, service
/// and the fields given. `level` is debug, info, warning or error. Call once,
/// first thing in main. Thread-safe afterwards.
void InitLog(std::string_view service, std::string_view level);

void Debug(std::string_view message, Fields fields = {});
void Info(std::string_view message, Fields fields = {});
void Warning(std::string_view message, Fields fields = {});
void Error(std::string_view message, Fields fields = {});

/// Trace id of the work this thread is doing, added to its lines; rpc::Guard
/// sets it per call.
class TraceScope {
 public:
  explicit TraceScope(std::string_view trace_id);
  ~TraceScope();
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  std::string before_;
};

/// Logs why the program cannot start and answers the exit code: 78 for a bad
/// configuration (INVALID_ARGUMENT), else 1.
int Die(const absl::Status& status);

}  // namespace cartwise::obs
