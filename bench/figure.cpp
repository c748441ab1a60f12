#include "figure.hpp"

#include <cstdio>

namespace cartwise::bench {

std::optional<double> Figure::ratio() const {
  if (!floor || *floor == 0) return std::nullopt;
  return ours / *floor;
}

bool Figure::met() const {
  if (kind == Goal::kAtMost) return ours <= goal;
  return ratio() && *ratio() >= goal;
}

nlohmann::json ToJson(const std::vector<Figure>& figures) {
  nlohmann::json list = nlohmann::json::array();
  for (const Figure& figure : figures) {
    list.push_back({{"name", figure.name},
                    {"unit", figure.unit},
                    {"ours", figure.ours},
                    {"floor", figure.floor ? nlohmann::json(*figure.floor) : nullptr},
                    {"ratio", figure.ratio() ? nlohmann::json(*figure.ratio()) : nullptr},
                    {"goal", figure.goal},
                    {"met", figure.met()}});
  }
  return list;
}

void Print(const Figure& figure) {
  char floor[64] = "", goal[64];
  if (figure.floor) {
    std::snprintf(floor, sizeof(floor), "floor %.2f, ratio %.2f, ", *figure.floor,
                  figure.ratio().value_or(0));
  }
  std::snprintf(goal, sizeof(goal), "goal %s %.2f",
                figure.kind == Figure::Goal::kAtMost ? "<=" : "ratio >=", figure.goal);
  std::printf("%-34s %10.2f %-9s %s%s: %s%s%s\n", figure.name.c_str(), figure.ours,
              figure.unit.c_str(), floor, goal, figure.met() ? "met" : "NOT MET",
              figure.remark.empty() ? "" : "  # ", figure.remark.c_str());
  std::fflush(stdout);
}

}  // namespace cartwise::bench
