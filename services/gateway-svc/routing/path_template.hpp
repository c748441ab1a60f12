#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace cartwise::gateway {

/// A path of google.api.http, "/api/branches/{branch_id}/carts": literal
/// segments and variables of one segment each. Patterns over several segments
/// (`**`, `{name=shelves/*}`) and verbs (`:cancel`) are refused: no contract
/// of ours has one.
class PathTemplate {
 public:
  struct Segment {
    bool variable = false;
    std::string text;  ///< the literal, or the variable's field path ("cart.id")
  };

  static absl::StatusOr<PathTemplate> Parse(std::string_view text);

  const std::vector<Segment>& segments() const { return segments_; }
  /// Field paths of the variables, in order.
  std::vector<std::string> Variables() const;
  /// As written, in OpenAPI's spelling, which is the same.
  std::string ToString() const;

 private:
  std::vector<Segment> segments_;
};

}  // namespace cartwise::gateway
