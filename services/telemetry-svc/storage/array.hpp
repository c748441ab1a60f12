#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cartwise/pg/query.hpp"

namespace cartwise::telemetry {

/// Builds a one-dimensional PostgreSQL array literal, a column of a batch.
class Array {
 public:
  explicit Array(size_t expected_bytes) {
    text_.reserve(expected_bytes);
    text_ = "{";
  }

  /// Any text.
  void AddText(std::string_view text) {
    Separate();
    text_.push_back('"');
    // Whole runs at a time: JSON payloads are most of a batch.
    size_t from = 0;
    for (size_t at; (at = text.find_first_of("\"\\", from)) != text.npos; from = at + 1) {
      text_.append(text.substr(from, at - from)).append(1, '\\').append(1, text[at]);
    }
    text_.append(text.substr(from)).push_back('"');
  }
  /// Text without any character special in an array: ids and event types.
  void AddPlain(std::string_view text) {
    Separate();
    text_.append(text);
  }
  void AddNumber(int64_t number) { AddPlain(std::to_string(number)); }

  pg::Param ToParam() && {
    text_.push_back('}');
    return pg::Param(std::move(text_));
  }

 private:
  void Separate() {
    if (text_.size() > 1) text_.push_back(',');
  }
  std::string text_;
};

}  // namespace cartwise::telemetry
