#include "http/cors.hpp"

#include <algorithm>

namespace cartwise::gateway {

bool Cors::Allows(std::string_view origin) const {
  return !origin.empty() && std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

void Cors::Decorate(std::string_view origin, Answer& answer) const {
  if (origins_.empty()) return;
  answer.headers.emplace_back("Vary", "Origin");
  if (!Allows(origin)) return;
  answer.headers.emplace_back("Access-Control-Allow-Origin", std::string(origin));
  answer.headers.emplace_back("Access-Control-Expose-Headers",
                              "RateLimit, RateLimit-Policy, Retry-After, X-Request-Id");
}

Answer Cors::Preflight(std::string_view origin, std::string_view methods) const {
  Answer answer;
  answer.status = 204;
  if (!Allows(origin)) return answer;
  answer.headers.emplace_back("Access-Control-Allow-Methods", std::string(methods));
  answer.headers.emplace_back("Access-Control-Allow-Headers",
                              "Authorization, Content-Type, Idempotency-Key, Traceparent");
  answer.headers.emplace_back("Access-Control-Max-Age", "600");
  return answer;
}

}  // namespace cartwise::gateway
