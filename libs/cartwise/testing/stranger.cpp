#include "cartwise/testing/stranger.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <set>
#include <utility>

#include <absl/strings/str_cat.h>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/pg/dial.hpp"

namespace cartwise::testing {
namespace {

constexpr char kStranger[] = "57a4e000-0000-4000-8000-00000000d0e5";
/// A shorter one may be the same by chance: a number, a state, true.
constexpr size_t kLeastTelling = 8;

/// What came of a statement.
struct Outcome {
  absl::Status status;
  std::vector<std::optional<std::string>> values;
  int affected = 0;

  bool Nothing() const { return values.empty() && affected == 0; }
  bool Refused() const { return status.message().find("[42501]") != std::string::npos; }
};

Outcome OutcomeOf(const pg::Rows& rows) {
  return {absl::OkStatus(), rows.Values(), rows.affected()};
}

/// The statements that were kept out already: to try them once more would cost time alone.
class KeptOut {
 public:
  bool Has(std::string_view statement) {
    const std::lock_guard lock(mutex_);
    return names_.contains(statement);
  }
  /// Other programs add to the same file.
  void Add(const std::string& statement) {
    const std::lock_guard lock(mutex_);
    const char* const path = std::getenv("CARTWISE_TEST_STATEMENTS");
    if (!names_.insert(statement).second || path == nullptr) return;
    std::ofstream(path, std::ios::app) << statement + "\n" << std::flush;
  }

 private:
  std::mutex mutex_;
  std::set<std::string, std::less<>> names_;
};

KeptOut& AllKeptOut() {
  static KeptOut all;
  return all;
}

/// No test goes on after that.
[[noreturn]] void Shown(const pg::Step& step, const std::string& value) {
  std::fprintf(stderr, "%s shows '%s' to a stranger\n", std::string(step.query.name).c_str(),
               value.c_str());
  std::abort();
}

void CheckNothingShown(const pg::Step& step, const Outcome& stranger, const Outcome& meant) {
  std::set<std::string> telling;
  for (const auto& value : meant.values) {
    if (value && value->size() >= kLeastTelling) telling.insert(*value);
  }
  for (const pg::Param& param : step.params) telling.erase(param.text().value_or(""));
  for (const auto& value : stranger.values) {
    if (value && telling.contains(*value)) Shown(step, *value);
  }
}

/// Less, or other figures. What is about as long and other may be a time or a new id.
bool GotLess(const Outcome& stranger, const Outcome& meant) {
  if (stranger.affected < meant.affected) return true;
  if (stranger.values.size() != meant.values.size()) {
    return stranger.values.size() < meant.values.size();
  }
  for (size_t i = 0; i < meant.values.size(); ++i) {
    const auto &one = stranger.values[i], &other = meant.values[i];
    if (one == other) continue;
    if (!one || !other || other->size() < kLeastTelling) return true;
    if (one->size() < other->size() / 2) return true;
  }
  return false;
}

// What is the same for everybody is not this one's to judge.
void Compare(const pg::Step& step, const Outcome& stranger, const Outcome& meant) {
  const bool less = stranger.status.ok() && GotLess(stranger, meant);
  if (less) CheckNothingShown(step, stranger, meant);
  const bool refused = stranger.Refused() && !meant.Nothing();
  if (less || refused) AllKeptOut().Add(std::string(step.query.name));
}

bool IsToBeTried(const pg::Step& step) {
  const bool of_the_pool = step.query.name.starts_with("pg_");
  return !of_the_pool && !AllKeptOut().Has(step.query.name);
}

class BesideStranger final : public pg::Connection {
 public:
  explicit BesideStranger(pg::Line line) : Connection(std::move(line)) {}
  using Connection::Begin;

  absl::StatusOr<std::vector<pg::Rows>> Execute(const std::vector<pg::Step>& steps,
                                                absl::FunctionRef<void()> meanwhile) override {
    const std::vector<std::optional<Outcome>> stranger = AsStranger(steps);
    auto meant = Connection::Execute(steps, meanwhile);
    for (size_t i = 0; meant.ok() && i < stranger.size(); ++i) {
      if (stranger[i]) Compare(steps[i], *stranger[i], OutcomeOf((*meant)[i]));
    }
    return meant;
  }

 private:
  // Of each step that is to be tried.
  std::vector<std::optional<Outcome>> AsStranger(const std::vector<pg::Step>& steps) {
    if (std::none_of(steps.begin(), steps.end(), IsToBeTried)) return {};
    const bool inside = InTransaction();
    if (!inside && !Raw("BEGIN").ok()) return {};
    std::vector<std::optional<Outcome>> outcomes;
    for (const pg::Step& step : steps) {
      outcomes.push_back(IsToBeTried(step) ? std::optional(AsStranger(step)) : std::nullopt);
    }
    if (!inside) Raw("ROLLBACK").status().IgnoreError();
    return outcomes;
  }

  Outcome AsStranger(const pg::Step& step) {
    // What waits for a lock waits for a row that it should not see.
    const absl::Status begun =
        Raw(absl::StrCat("SAVEPOINT stranger; SET LOCAL lock_timeout = '100ms'; "
                         "SELECT set_config('cartwise.chain_id', '",
                         kStranger, "', true)"))
            .status();
    if (!begun.ok()) return {begun, {}, 0};
    const auto rows = Connection::Execute({step});
    const absl::Status undone =
        Raw("ROLLBACK TO SAVEPOINT stranger; RELEASE SAVEPOINT stranger").status();
    if (!undone.ok()) return {undone, {}, 0};
    return rows.ok() ? OutcomeOf(rows->front()) : Outcome{rows.status(), {}, 0};
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<pg::Connection>> OpenBesideStranger(const std::string& url) {
  CW_ASSIGN_OR_RETURN(pg::Line line, pg::Dial(url));
  auto connection = std::make_unique<BesideStranger>(std::move(line));
  CW_RETURN_IF_ERROR(connection->Begin());
  return connection;
}

}  // namespace cartwise::testing
