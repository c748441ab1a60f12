#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cartwise::obs {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// The Prometheus metrics of this process. Thread-safe. Names as in
/// `cartwise_<area>_<what>_<unit>[_total]`; no id ever becomes a label.
///
/// Looking a metric up by name and labels costs a hash of the labels; that is
/// fine per call, not per byte.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  void Count(std::string_view name, Labels labels = {}, double by = 1);
  void Gauge(std::string_view name, Labels labels, double value);
  /// Observes seconds in buckets from 0.5 ms to 30 s.
  void Seconds(std::string_view name, Labels labels, double seconds);
  /// Sets the HELP text of a name; otherwise it is the name itself.
  void Describe(std::string_view name, std::string_view help);

  /// The text of /metrics, process figures (rss, fds, threads, cpu) included.
  std::string Text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cartwise::obs
