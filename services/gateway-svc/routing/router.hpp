#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "routing/route.hpp"

namespace cartwise::gateway {

/// Finds the method behind a verb and a path. Built once from the contracts;
/// immutable, so thread-safe.
class Router {
 public:
  struct Match {
    const Route* route = nullptr;
    std::vector<std::string> values;  ///< of the path's variables, in order
    /// Verbs this path knows, when `route` is null; empty for an unknown path.
    std::vector<Verb> allowed;
  };

  /// Refuses, listing each, the rules it cannot serve: two of the same shape,
  /// a variable that is no single scalar field, a body that is no field, a
  /// stream, a rule of a custom verb.
  static absl::StatusOr<std::unique_ptr<Router>> Build(const Contracts& contracts);

  /// `segments` are decoded. A literal wins over a variable, from the left. No
  /// verb finds no route, but every verb the path knows.
  Match Find(std::optional<Verb> verb, const std::vector<std::string>& segments) const;

  const std::deque<Route>& routes() const { return routes_; }

 private:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>> literals;
    std::unique_ptr<Node> variable;
    std::map<Verb, const Route*> routes;
  };

  absl::Status Add(Route route);
  void Search(const Node& node, std::optional<Verb> verb, const std::vector<std::string>& segments,
              size_t depth, std::vector<std::string>& values, Match& match) const;

  Node root_;
  std::deque<Route> routes_;
};

}  // namespace cartwise::gateway
