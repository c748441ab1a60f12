#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

namespace cartwise::http {

/// One outgoing POST and how much it may cost us.
struct Post {
  std::string url;  ///< http or https
  std::string body;
  std::vector<std::string> headers;  ///< "Name: value"
  std::string user, password;        ///< HTTP Basic when `user` is set
  absl::Duration connect_timeout = absl::Seconds(2);
  absl::Duration timeout = absl::Seconds(4);  ///< all of it, connecting included
  size_t most_bytes = 64 * 1024;              ///< of the answer's body
};

struct Answer {
  int status = 0;  ///< HTTP status; a redirect is an answer and not followed
  std::string body;
};

/// Sends it on a connection of its own and waits. Thread-safe.
///
/// UNAVAILABLE when the other side cannot be reached or breaks off,
/// DEADLINE_EXCEEDED when it takes too long, OUT_OF_RANGE when its answer is
/// longer than allowed. No message of a failure holds what was sent.
absl::StatusOr<Answer> Send(const Post& post);

}  // namespace cartwise::http
