#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace cartwise::fleet {

using Json = nlohmann::json;

/// CLOCK_MONOTONIC in microseconds, the clock of the board's log.
int64_t MonotonicMicros();

/// An answer of the REST face.
struct Answer {
  int status = 0;  ///< 0: no answer at all
  Json body;       ///< null when empty or not JSON
  std::string text;
  std::map<std::string, std::string> headers;  ///< names in lower case
  /// By MonotonicMicros: the request was out, the last of the answer was in.
  int64_t sent_us = 0, came_us = 0;

  bool ok() const { return status >= 200 && status < 300; }
  /// The problem's stable code; empty for a success.
  std::string code() const { return body.is_object() ? body.value("code", "") : ""; }
};

struct Request {
  std::string method;
  std::string path;  ///< "/api/..."
  std::string body;
  std::map<std::string, std::string> headers;
};

/// A REST client with a bearer token, over plain HTTP on loopback. Keeps its
/// connection; not thread-safe: one per thread.
class Rest {
 public:
  explicit Rest(std::string base, std::string token = "");
  ~Rest();
  Rest(Rest&& other) noexcept;
  Rest& operator=(Rest&& other) noexcept;

  Answer Get(const std::string& path);
  Answer Post(const std::string& path, const Json& body, const std::string& idempotency_key = "");
  Answer Put(const std::string& path, const Json& body);
  Answer Delete(const std::string& path);
  Answer Send(const Request& request);

  /// All at once, each on its own connection.
  std::vector<Answer> SendAll(const std::vector<Request>& requests);

  const std::string& base() const { return base_; }
  const std::string& token() const { return token_; }
  /// Another client of the same person, for another thread.
  Rest Twin() const { return Rest(base_, token_); }

 private:
  std::string base_;
  std::string token_;
  void* curl_ = nullptr;
};

}  // namespace cartwise::fleet
