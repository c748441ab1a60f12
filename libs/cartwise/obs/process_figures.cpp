#include "cartwise/obs/process_figures.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <vector>

namespace cartwise::obs {
namespace {

void AppendMetric(std::ostream& out, std::string_view name, std::string_view type,
                  std::string_view help, double value) {
  out << "# HELP " << name << ' ' << help << "\n# TYPE " << name << ' ' << type << '\n'
      << name << ' ' << value << '\n';
}

// Fields of /proc/self/stat after the command name, which may hold spaces:
// index 0 is field 3 of proc(5).
std::vector<std::string> StatFields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

double BootSeconds() {
  std::ifstream file("/proc/stat");
  std::string word;
  while (file >> word) {
    if (word == "btime") {
      double seconds = 0;
      file >> seconds;
      return seconds;
    }
  }
  return 0;
}

double OpenFiles() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  return error ? 0 : double(std::distance(begin(files), end(files)));
}

}  // namespace

std::string ProcessFigures() {
  const std::vector<std::string> stat = StatFields();
  if (stat.size() < 22) return "";
  const double ticks = double(sysconf(_SC_CLK_TCK));
  const double page = double(sysconf(_SC_PAGESIZE));
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);

  std::ostringstream out;
  out.precision(15);
  AppendMetric(out, "process_cpu_seconds_total", "counter", "User and system CPU time.",
               (std::stod(stat[11]) + std::stod(stat[12])) / ticks);
  AppendMetric(out, "process_threads", "gauge", "Threads.", std::stod(stat[17]));
  AppendMetric(out, "process_start_time_seconds", "gauge", "Start, since the Unix epoch.",
               BootSeconds() + std::stod(stat[19]) / ticks);
  AppendMetric(out, "process_virtual_memory_bytes", "gauge", "Virtual memory.",
               std::stod(stat[20]));
  AppendMetric(out, "process_resident_memory_bytes", "gauge", "Resident memory.",
               std::stod(stat[21]) * page);
  AppendMetric(out, "process_open_fds", "gauge", "Open file descriptors.", OpenFiles());
  AppendMetric(out, "process_max_fds", "gauge", "Most file descriptors allowed.",
               double(files.rlim_cur));
  return out.str();
}

}  // namespace cartwise::obs
