#pragma once

#include <string_view>

namespace cartwise::edge {

/// Named steps of a command at which a test may cut the power.
class Failpoints {
 public:
  static constexpr std::string_view kAfterAccept = "after_accept";
  static constexpr std::string_view kAfterIntent = "after_intent";
  static constexpr std::string_view kAfterPulse = "after_pulse";
  static constexpr std::string_view kAfterRead = "after_read";  ///< first read after a pulse
  static constexpr std::string_view kAfterResult = "after_result";
  static constexpr std::string_view kBeforeReport = "before_report";
  static constexpr std::string_view kAll[] = {kAfterAccept, kAfterIntent, kAfterPulse,
                                              kAfterRead,   kAfterResult, kBeforeReport};

  virtual ~Failpoints() = default;
  virtual void Hit(std::string_view point) = 0;
};

/// What a real agent runs with.
class NoFailpoints final : public Failpoints {
 public:
  void Hit(std::string_view) override {}
};

}  // namespace cartwise::edge
