#include "linux/obs_diary.hpp"

#include "cartwise/obs/log.hpp"

namespace cartwise::edge {
namespace {

void Log(Diary::Weight weight, std::string_view what, obs::Fields fields) {
  switch (weight) {
    case Diary::Weight::kInfo:
      return obs::Info(what, fields);
    case Diary::Weight::kWarning:
      return obs::Warning(what, fields);
    case Diary::Weight::kError:
      return obs::Error(what, fields);
  }
}

}  // namespace

void ObsDiary::Write(Weight weight, std::string_view what, Facts facts) {
  const auto at = [&](size_t i) -> obs::Field {
    const Fact& fact = facts.begin()[i];
    return {fact.name, fact.value};
  };
  // An initializer list has its size at compile time.
  switch (facts.size()) {
    case 0:
      return Log(weight, what, {});
    case 1:
      return Log(weight, what, {at(0)});
    case 2:
      return Log(weight, what, {at(0), at(1)});
    case 3:
      return Log(weight, what, {at(0), at(1), at(2)});
    default:
      return Log(weight, what, {at(0), at(1), at(2), at(3)});
  }
}

}  // namespace cartwise::edge
