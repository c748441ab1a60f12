#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace cartwise::bench {

/// One measured figure beside what it is held against.
struct Figure {
  std::string name;
  std::string unit;
  double ours = 0;
  std::optional<double> floor;  ///< what the machine can do at best, in the same run
  double goal = 0;
  /// How `goal` reads: at least this share of the floor, or at most this much.
  enum class Goal { kRatioAtLeast, kAtMost } kind = Goal::kAtMost;
  std::string remark;

  std::optional<double> ratio() const;
  bool met() const;
};

nlohmann::json ToJson(const std::vector<Figure>& figures);
void Print(const Figure& figure);

}  // namespace cartwise::bench
