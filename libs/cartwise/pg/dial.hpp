#pragma once

#include <string>

#include <absl/status/status.h>
#include <pqxx/connection>

namespace cartwise::pg {

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

/// How every connection of this library is made. Throws, as libpqxx does, when
/// CheckUrl refuses or the server cannot be reached or proven. The files that the
/// URL names are read anew each time.
pqxx::connection Dial(const std::string& url);

}  // namespace cartwise::pg
