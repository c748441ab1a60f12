#include "linux/crash_at.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include <unistd.h>

#include <absl/strings/str_cat.h>

#include "cartwise/base/development.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::edge {
namespace {

constexpr const char* kVariable = "CARTWISE_AGENT_CRASH_AT";
constexpr int kKilled = 137;  // what a shell reports after kill -9

class CrashAt final : public Failpoints {
 public:
  explicit CrashAt(std::string point) : point_(std::move(point)) {}
  void Hit(std::string_view point) override {
    if (point == point_) _exit(kKilled);
  }

 private:
  const std::string point_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Failpoints>> FailpointsFromEnvironment() {
  const char* const point = std::getenv(kVariable);
  if (point == nullptr || *point == '\0') return std::make_unique<NoFailpoints>();
  if (std::count(std::begin(Failpoints::kAll), std::end(Failpoints::kAll), point) == 0) {
    return absl::InvalidArgumentError(absl::StrCat(kVariable, ": no such step: ", point));
  }
  CW_RETURN_IF_ERROR(CheckDevelopment(kVariable));
  return std::make_unique<CrashAt>(point);
}

}  // namespace cartwise::edge
