#include "core/health.hpp"

#include <utility>

namespace cartwise::edge {
namespace {

template <typename T>
void Put(Value::Object& object, const char* name, const std::optional<T>& value) {
  if (value) object.push_back({name, *value});
}

const char* ReachName(Reach reach) {
  return reach == Reach::kFound ? "FOUND" : reach == Reach::kLost ? "LOST" : "UNKNOWN";
}

Value BusReport(const BusFigures& bus) {
  Value::List boards;
  for (const auto& board : bus.boards) {
    boards.push_back(Value::Object{{"controller_id", board.controller.value()},
                                   {"address", board.address},
                                   {"reach", ReachName(board.reach)},
                                   {"answers", board.answers},
                                   {"silences", board.silences},
                                   {"ignored_events", board.ignored_events}});
  }
  return Value::Object{{"port", bus.port},
                       {"open", bus.open},
                       {"ports_lost", bus.ports_lost},
                       {"bad_sums", bus.line.bad_sums},
                       {"strays", bus.line.strays},
                       {"echoes", bus.line.echoes},
                       {"garbage_bytes", bus.line.garbage_bytes},
                       {"boards", std::move(boards)}};
}

}  // namespace

Value HealthReport(const MachineHealth& machine, const std::vector<BusFigures>& buses,
                   const Losses& losses) {
  Value::Object report;
  Put(report, "cpu_celsius", machine.cpu_celsius);
  Put(report, "load_1m", machine.load_1m);
  Put(report, "memory_total_kb", machine.memory_total_kb);
  Put(report, "memory_available_kb", machine.memory_available_kb);
  Put(report, "disk_total_kb", machine.disk_total_kb);
  Put(report, "disk_free_kb", machine.disk_free_kb);
  report.push_back({"uptime_s", machine.uptime_s});
  Put(report, "agent_rss_kb", machine.agent_rss_kb);
  Value::List lines;
  for (const BusFigures& bus : buses) lines.push_back(BusReport(bus));
  report.push_back({"buses", std::move(lines)});
  report.push_back({"events_lost", losses.events});
  report.push_back({"telemetry_dropped", losses.telemetry});
  report.push_back({"telemetry_waiting", losses.waiting_telemetry});
  return report;
}

}  // namespace cartwise::edge
