#pragma once

#include <vector>

#include "domain/events.hpp"

namespace cartwise::telemetry {

/// Keeps what it is given and answers what it is told; knows no tenancy.
class FakeEventStore final : public EventStore {
 public:
  absl::Status AddOfDevice(const Caller&, const Origin& origin, const std::vector<NewEvent>& events,
                           absl::FunctionRef<void(int)> answer) override {
    last_origin = origin;
    added.insert(added.end(), events.begin(), events.end());
    answer(static_cast<int>(events.size()) - duplicates);
    return absl::OkStatus();
  }
  absl::StatusOr<int> Add(const Caller&, const std::vector<PlacedEvent>& events) override {
    for (const PlacedEvent& placed : events) added.push_back(placed.event);
    return static_cast<int>(events.size());
  }
  absl::StatusOr<std::vector<Record>> List(const Caller&, const Query& query) override {
    last_query = query;
    return records;
  }
  absl::StatusOr<bool> TurnDays(int) override { return --turns > 0; }

  std::vector<NewEvent> added;
  Origin last_origin;
  Query last_query;
  std::vector<Record> records;
  int duplicates = 0;
  int turns = 1;  ///< that it takes until nothing is left to drop
};

}  // namespace cartwise::telemetry
