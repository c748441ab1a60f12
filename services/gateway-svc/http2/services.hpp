#pragma once

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <grpcpp/support/status.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "cartwise/rpc/server_certificate.hpp"
#include "http2/service_connection.hpp"

namespace cartwise::gateway {

/// Where the services are, and how to reach them.
struct ServiceTargets {
  std::map<std::string, std::string> by_area;  ///< host:port
  std::map<std::string, std::string>
      streams_by_area;  ///< of streaming methods, where it is another
  rpc::TlsFiles tls;    ///< read for each connection; without `ca`, plain: for tests
};

/// How a call ends that has no service to go to: UNAVAILABLE.
grpc::Status Unreachable();

/// The services as one event loop reaches them: one connection to each, made when
/// a call wants it. A name is looked up for every new connection, and its
/// addresses are tried in turn, each time beginning with the next. Of one thread.
class Services {
 public:
  /// Null when the service cannot be reached.
  using OnReached = std::function<void(ServiceConnection*)>;

  Services(boost::asio::io_context& io, const ServiceTargets& targets);

  /// Where calls of an area go, or its streams.
  enum class Calls { kUnary, kStreaming };

  /// `reached` is heard before this returns when there is a connection, or when
  /// the last attempt failed a moment ago; else when the attempt has ended.
  void Reach(const std::string& area, Calls calls, OnReached reached);
  void Sweep(http2::Session::Clock::time_point now);
  /// Ends every connection; nothing is reached any more.
  void Close();

 private:
  using Tcp = boost::asio::ip::tcp;

  struct Link {
    explicit Link(boost::asio::io_context& io) : resolver(io), socket(io), patience(io) {}
    std::string area, host, port;
    Tcp::resolver resolver;
    Tcp::socket socket;
    std::vector<Tcp::endpoint> endpoints;
    boost::asio::steady_timer patience;
    std::shared_ptr<ServiceConnection> connection;
    bool ready = false;  ///< of `connection`
    bool trying = false;
    std::vector<OnReached> waiting;
    size_t turn = 0;
    http2::Session::Clock::duration pause{};  ///< after the last attempt, if it failed
    http2::Session::Clock::time_point retry_at;
  };

  using Links = std::map<std::string, Link>;

  void Add(Links& links, const std::map<std::string, std::string>& targets);
  Link* Find(const std::string& area, Calls calls);
  void Try(Link& link);
  void Connect(Link& link);
  void Shake(Link& link);
  void Opened(Link& link);
  void Failed(Link& link, const std::string& why);
  void Tell(Link& link, ServiceConnection* connection);

  boost::asio::io_context& io_;
  const ServiceTargets& targets_;
  const http2::Limits limits_;
  Links links_, stream_links_;                                ///< by area
  std::set<std::shared_ptr<ServiceConnection>> connections_;  ///< also those that only end calls
  std::minstd_rand random_{std::random_device{}()};
  bool closed_ = false;
};

}  // namespace cartwise::gateway
