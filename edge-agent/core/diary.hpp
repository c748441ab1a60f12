#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace cartwise::edge {

/// Where the core says what happened, for the person who reads the log.
/// Thread-safe.
class Diary {
 public:
  enum class Weight { kInfo, kWarning, kError };
  struct Fact {
    std::string_view name;
    std::string value;
  };
  using Facts = std::initializer_list<Fact>;  ///< at most four

  virtual ~Diary() = default;
  virtual void Write(Weight weight, std::string_view what, Facts facts) = 0;

  void Info(std::string_view what, Facts facts = {}) { Write(Weight::kInfo, what, facts); }
  void Warning(std::string_view what, Facts facts = {}) { Write(Weight::kWarning, what, facts); }
  void Error(std::string_view what, Facts facts = {}) { Write(Weight::kError, what, facts); }
};

}  // namespace cartwise::edge
