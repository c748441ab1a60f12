#pragma once

#include <memory>
#include <optional>
#include <string>

#include <absl/time/time.h>
#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/fields.hpp>

#include "cartwise/auth/tokens.hpp"
#include "cartwise/base/caller.hpp"
#include "cartwise/obs/metrics.hpp"
#include "http/answer.hpp"
#include "http/cors.hpp"
#include "http/docs_site.hpp"
#include "http/problem.hpp"
#include "http/target.hpp"
#include "http2/unary_call.hpp"
#include "limits/rate_limiter.hpp"
#include "proxy/api_keys.hpp"
#include "proxy/call_metadata.hpp"
#include "proxy/health_watch.hpp"
#include "proxy/upstreams.hpp"
#include "revocations/revocations.hpp"
#include "routing/router.hpp"
#include "transcoding/request.hpp"

namespace cartwise::gateway {

/// The head of a request, as the connection read it.
struct RequestHead {
  std::string method;  ///< "GET"
  std::string target;
  const boost::beast::http::fields* fields = nullptr;
  std::string peer;  ///< address of the socket's other end
  bool has_body = false;
};

/// One request on its way through the gateway.
struct Exchange {
  absl::Time start;
  std::string method;
  ProblemContext problem;  ///< path and trace id
  std::string origin;
  std::string label = "none";  ///< of the route: bounded, for metrics

  const Route* route = nullptr;
  RestRequest rest;
  std::optional<KeyAnswer> key;  ///< what the client's API key is worth, if it sent one
  Caller caller;
  CallMetadata metadata;
  Answer::Headers rate_headers;  ///< of the answer, whatever it becomes
};

/// What the HTTP side answers: REST calls from the contracts, /health,
/// /api/openapi.json, /.well-known/jwks.json, /.well-known/security.txt and
/// /docs. Thread-safe; every part outlives it.
class Api {
 public:
  struct Parts {
    const Router& router;
    const auth::TokenVerifier& tokens;
    ApiKeys& keys;
    Revocations& revocations;
    Upstreams& upstreams;
    const HealthWatch& health;
    RateLimiter& rates;
    obs::Metrics& metrics;
    const Cors& cors;
    const DocsSite& docs;
    std::shared_ptr<const std::string> openapi;
    auth::KeySource token_keys;  ///< that prove our tokens
    int trusted_proxies = 0;
    std::string security_contact;  ///< a mailto: or https: address; empty: no security.txt
  };

  explicit Api(Parts parts) : parts_(std::move(parts)) {}

  /// Starts the exchange: time, trace, who asks for what, for the log.
  void Begin(const RequestHead& head, Exchange& exchange) const;

  /// Decides all that the head alone decides: the answer, or nullopt and an
  /// exchange that is ready for its body.
  boost::asio::awaitable<std::optional<Answer>> Admit(const RequestHead& head,
                                                      Exchange& exchange) const;

  /// Makes the call from the loop of `outbound`; `exchange.rest.body` holds the body.
  boost::asio::awaitable<Answer> Serve(Exchange& exchange, Outbound& outbound) const;

  /// Adds the headers that every answer has; counts the request.
  void Conclude(const Exchange& exchange, Answer& answer) const;
  /// Once the answer is on its way.
  void Log(const Exchange& exchange, const Answer& answer) const;

 private:
  std::optional<Answer> AnswerFixed(const Target& target, const std::string& method,
                                    Exchange& exchange) const;
  /// Finds the route and reads what the call passes on.
  std::optional<Answer> Resolve(const RequestHead& head, Exchange& exchange) const;
  absl::Status ReadHeaders(const RequestHead& head, Exchange& exchange) const;
  /// Learns what an API key is worth; the refusal of a client that tries too many.
  boost::asio::awaitable<std::optional<Answer>> LearnKey(Exchange& exchange) const;
  /// The refusal of a caller who is not let in, or of one who tries that too often.
  Answer Refuse(const absl::Status& status, Exchange& exchange) const;
  /// The refusal of a caller who asks too often.
  std::optional<Answer> ChargeRate(Exchange& exchange) const;
  std::optional<Answer> Obey(RateLimiter::Verdict verdict, Exchange& exchange) const;
  Answer NoRoute(const std::string& method, const std::vector<Verb>& allowed,
                 const Exchange& exchange) const;

  Parts parts_;
};

}  // namespace cartwise::gateway
