#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/status.h>

namespace cartwise::errors {

/// A refusal a client can branch on: gRPC code, stable UPPER_SNAKE reason, and
/// one sentence for a person that says what happened and what to do.
absl::Status Refuse(absl::StatusCode code, std::string_view reason, std::string_view message);

/// INVALID_ARGUMENT with reason INVALID_FIELD naming one field at fault.
absl::Status InvalidField(std::string_view field, std::string_view message);

/// Collects every field at fault, so that a caller hears of all at once.
class FieldErrors {
 public:
  void Add(std::string_view field, std::string_view message);
  /// `ok` false adds the error.
  void Require(bool ok, std::string_view field, std::string_view message);
  /// OK, or INVALID_ARGUMENT listing all of them.
  absl::Status ToStatus() const;

 private:
  std::vector<std::pair<std::string, std::string>> faults_;
};

/// NOT_FOUND with `<THING>_NOT_FOUND`; the same for absent and foreign things.
absl::Status NotFound(std::string_view reason, std::string_view message);

/// The stable reason of a refusal; empty for other failures.
std::string Reason(const absl::Status& status);

/// Fields at fault, in the order they were found.
std::vector<std::pair<std::string, std::string>> Fields(const absl::Status& status);

/// Adds a machine-readable detail (`rental_id` = ...) to a refusal.
absl::Status WithDetail(absl::Status status, std::string_view key, std::string_view value);
std::vector<std::pair<std::string, std::string>> Details(const absl::Status& status);

}  // namespace cartwise::errors
