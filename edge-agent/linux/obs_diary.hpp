#pragma once

#include "core/diary.hpp"

namespace cartwise::edge {

/// The diary as JSON log lines on standard output.
class ObsDiary final : public Diary {
 public:
  void Write(Weight weight, std::string_view what, Facts facts) override;
};

}  // namespace cartwise::edge
