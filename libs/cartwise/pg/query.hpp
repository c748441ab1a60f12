#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"

namespace cartwise::pg {

/// A named statement. The name is the prepared statement, the metric label and
/// the slow-log key; it must be unique in the program. Parameters are $1, $2 ...
/// and travel as text: cast them ($1::uuid) where PostgreSQL cannot infer.
struct Query {
  /// How long PostgreSQL keeps its plan.
  enum class Plan {
    kOnce,      ///< one plan for all values: the indexes alone decide it
    kPerValues  ///< optional filters ($1 IS NULL OR ...) decide which index serves
  };

  std::string_view name;
  std::string_view sql;
  Plan plan = Plan::kOnce;
};

/// One parameter, as text; NULL for an empty optional.
class Param {
 public:
  Param(std::nullopt_t) {}
  Param(std::string text) : text_(std::move(text)) {}
  Param(std::string_view text) : text_(std::string(text)) {}
  Param(const char* text) : text_(std::string(text)) {}
  Param(bool value) : text_(value ? "t" : "f") {}
  Param(int value) : text_(std::to_string(value)) {}
  Param(int64_t value) : text_(std::to_string(value)) {}
  Param(double value);
  Param(absl::Time time);
  /// A text[] literal.
  Param(const std::vector<std::string>& texts);
  /// Ids; an empty id is NULL.
  template <typename Tag>
  Param(const StrongId<Tag>& id) {
    if (!id.empty()) text_ = id.value();
  }
  /// A text[] literal of ids.
  template <typename Tag>
  Param(const std::vector<StrongId<Tag>>& ids) {
    std::vector<std::string> texts;
    for (const auto& id : ids) texts.push_back(id.value());
    text_ = Param(texts).text_;
  }
  template <typename T>
  Param(const std::optional<T>& value) {
    if (value) text_ = Param(*value).text_;
  }

  const std::optional<std::string>& text() const { return text_; }

 private:
  std::optional<std::string> text_;
};

/// A statement with its parameters.
struct Step {
  Query query;
  std::vector<Param> params;
};

/// bytea parameter: `Bytes(s)` where the statement says $n::bytea.
Param Bytes(std::string_view bytes);

}  // namespace cartwise::pg
