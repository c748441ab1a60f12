#include "cartwise/obs/log.hpp"

#include <chrono>
#include <cstdio>
#include <memory>

#include <absl/status/status.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "cartwise/obs/json_text.hpp"

namespace cartwise::obs {
namespace {

struct Logger {
  // Programs that never call InitLog (tests) hear of errors only.
  Logger() : out("cartwise", std::make_shared<spdlog::sinks::stdout_sink_mt>()) {
    out.set_pattern("%v");
    out.set_level(spdlog::level::err);
  }
  spdlog::logger out;
  std::string service;
};

Logger& TheLogger() {
  static Logger* const logger = new Logger;  // outlives every thread that logs
  return *logger;
}

thread_local std::string current_trace;

// RFC 3339 UTC with milliseconds; gmtime_r and snprintf cost less than any time library here.
std::string Timestamp() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const time_t seconds = ms / 1000;
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                int(ms % 1000));
  return text;
}

void AppendMember(std::string& line, std::string_view name, std::string_view value) {
  line += ',';
  AppendJsonText(line, name);
  line += ':';
  AppendJsonText(line, value);
}

void Write(spdlog::level::level_enum level, std::string_view level_name, std::string_view message,
           Fields fields) {
  Logger& logger = TheLogger();
  if (!logger.out.should_log(level)) return;
  std::string line = "{\"ts\":\"" + Timestamp() + '"';
  AppendMember(line, "level", level_name);
  AppendMember(line, "msg", message);
  AppendMember(line, "service", logger.service);
  if (!current_trace.empty()) AppendMember(line, "trace_id", current_trace);
  for (const Field& field : fields) {
    if (field.number) {
      line += ',';
      AppendJsonText(line, field.name);
      line += ':';
      line += field.value;
    } else {
      AppendMember(line, field.name, field.value);
    }
  }
  line += '}';
  logger.out.log(level, spdlog::string_view_t(line));
}

}  // namespace

void InitLog(std::string_view service, std::string_view level) {
  Logger& logger = TheLogger();
  logger.service = service;
  logger.out.set_level(level == "debug"     ? spdlog::level::debug
                       : level == "warning" ? spdlog::level::warn
                       : level == "error"   ? spdlog::level::err
                                            : spdlog::level::info);
}

void Debug(std::string_view message, Fields fields) {
  Write(spdlog::level::debug, "debug", message, fields);
}

void Info(std::string_view message, Fields fields) {
  Write(spdlog::level::info, "info", message, fields);
}

void Warning(std::string_view message, Fields fields) {
  Write(spdlog::level::warn, "warning", message, fields);
}

void Error(std::string_view message, Fields fields) {
  Write(spdlog::level::err, "error", message, fields);
}

TraceScope::TraceScope(std::string_view trace_id) : before_(std::move(current_trace)) {
  current_trace = trace_id;
}

TraceScope::~TraceScope() {
  current_trace = std::move(before_);
}

int Die(const absl::Status& status) {
  Error("cannot start", {{"reason", std::string(status.message())}});
  return status.code() == absl::StatusCode::kInvalidArgument ? 78 : 1;
}

}  // namespace cartwise::obs
