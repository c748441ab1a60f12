#pragma once

#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "http/answer.hpp"

namespace cartwise::gateway {

/// The request that went wrong, as far as a problem tells of it.
struct ProblemContext {
  std::string instance;  ///< path of the request, without its query
  std::string trace_id;
  bool repeatable = false;  ///< also when it has been carried out
};

/// HTTP status of a failure, the one place where gRPC's codes become HTTP's.
unsigned HttpStatusOf(const absl::Status& status);

/// RFC 9457 problem of a failed call. Only refusals that carry a reason keep
/// their text; every other one gets a text of ours by its code, since its own
/// may tell of addresses or internals.
Answer ProblemOf(const absl::Status& status, const ProblemContext& context);

/// A problem that HTTP knows and gRPC does not, such as 405 or 413.
Answer HttpProblem(unsigned status, std::string_view code, std::string_view detail,
                   const ProblemContext& context);

/// "Not Found" of 404.
std::string_view StatusTitle(unsigned status);

}  // namespace cartwise::gateway
