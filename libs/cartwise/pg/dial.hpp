#pragma once

#include <memory>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

struct pg_conn;

namespace cartwise::pg {

/// A connection of libpq.
struct HangUp {
  void operator()(pg_conn* line) const;
};
using Line = std::unique_ptr<pg_conn, HangUp>;

/// The one rule about the way to the database. On this machine (loopback address
/// or unix socket) any URL will do; to another one only
///
///   postgresql://ROLE@HOST/DATABASE?sslmode=verify-full&sslrootcert=CA.pem
///       &sslcert=OWN.pem&sslkey=OWN.key
///
/// so that nobody in between reads along or answers in the database's place. The
/// last two, a certificate of ours in place of a password, may be left out. What
/// libpq takes from PG* variables counts as if it stood in the URL.
///
/// INVALID_ARGUMENT tells what to put there, without the URL: it may hold a password.
absl::Status CheckUrl(const std::string& url);

/// How every connection of this library is made. What CheckUrl refuses, and UNAVAILABLE
/// when the server cannot be reached or proven. The files that the URL names are read
/// anew each time. Where the URL does not say how long to wait for a server that is silent
/// (connect_timeout, tcp_user_timeout, keepalives_*), it is some 5 to 25 s.
absl::StatusOr<Line> Dial(const std::string& url);

}  // namespace cartwise::pg
