#include "cartwise/obs/metrics.hpp"

#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "cartwise/obs/process_figures.hpp"

namespace cartwise::obs {
namespace {

const prometheus::Histogram::BucketBoundaries kSecondsBuckets{
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

std::string KeyOf(std::string_view name, Labels labels) {
  std::string key(name);
  for (const auto& [label, value] : labels) {
    key.append(1, '\0').append(label).append(1, '\0').append(value);
  }
  return key;
}

prometheus::Labels ToPrometheus(Labels labels) {
  prometheus::Labels out;
  for (const auto& [label, value] : labels) out.emplace(label, value);
  return out;
}

// Metrics of one kind by name and labels, so that a known one costs one look-up.
template <typename Metric>
class Known {
 public:
  template <typename Make>
  Metric& Get(std::string_view name, Labels labels, Make make) {
    const std::string key = KeyOf(name, labels);
    {
      std::shared_lock lock(mutex_);
      if (const auto found = metrics_.find(key); found != metrics_.end()) return *found->second;
    }
    // The registry answers the same metric when two threads get here at once.
    Metric& metric = make();
    std::unique_lock lock(mutex_);
    metrics_.emplace(key, &metric);
    return metric;
  }

 private:
  std::shared_mutex mutex_;
  std::unordered_map<std::string, Metric*> metrics_;
};

}  // namespace

struct Metrics::State {
  std::string HelpOf(std::string_view name) {
    std::lock_guard lock(mutex);
    const auto found = help.find(std::string(name));
    return found == help.end() ? std::string(name) : found->second;
  }

  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  Known<prometheus::Counter> counters;
  Known<prometheus::Gauge> gauges;
  Known<prometheus::Histogram> histograms;
  std::mutex mutex;
  std::unordered_map<std::string, std::string> help;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::Count(std::string_view name, Labels labels, double by) {
  state_->counters
      .Get(name, labels,
           [&]() -> prometheus::Counter& {
             return prometheus::BuildCounter()
                 .Name(std::string(name))
                 .Help(state_->HelpOf(name))
                 .Register(state_->registry)
                 .Add(ToPrometheus(labels));
           })
      .Increment(by);
}

void Metrics::Gauge(std::string_view name, Labels labels, double value) {
  state_->gauges
      .Get(name, labels,
           [&]() -> prometheus::Gauge& {
             return prometheus::BuildGauge()
                 .Name(std::string(name))
                 .Help(state_->HelpOf(name))
                 .Register(state_->registry)
                 .Add(ToPrometheus(labels));
           })
      .Set(value);
}

void Metrics::Seconds(std::string_view name, Labels labels, double seconds) {
  state_->histograms
      .Get(name, labels,
           [&]() -> prometheus::Histogram& {
             return prometheus::BuildHistogram()
                 .Name(std::string(name))
                 .Help(state_->HelpOf(name))
                 .Register(state_->registry)
                 .Add(ToPrometheus(labels), kSecondsBuckets);
           })
      .Observe(seconds);
}

void Metrics::Describe(std::string_view name, std::string_view help) {
  std::lock_guard lock(state_->mutex);
  state_->help.insert_or_assign(std::string(name), std::string(help));
}

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(state_->registry.Collect()) + ProcessFigures();
}

}  // namespace cartwise::obs
