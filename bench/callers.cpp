#include "callers.hpp"

#include <poll.h>

#include <cstdio>
#include <future>

#include <absl/strings/str_cat.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include "connect.hpp"
#include "load.hpp"

namespace cartwise::bench {

namespace asio = boost::asio;

struct Callers::Identity {
  gateway::ServiceTargets targets;
  gateway::Services services;
  gateway::Outbound outbound;

  Identity(gateway::EventLoop& loop, gateway::ServiceTargets to)
      : targets(std::move(to)),
        services(loop.io, targets),
        outbound{loop.io, loop.outbound.inbox, services} {}
};

Callers::Callers(const fleet::Fleet& fleet, const std::string& process, const std::string& area,
                 const std::vector<std::string>& as)
    : upstream_(area) {
  const std::string address = absl::StrCat("127.0.0.1:", fleet.PortOf(process));
  for (const std::string& service : as) {
    gateway::ServiceTargets targets{{{area, address}}, {}, TlsOf(fleet, service)};
    identities_[service] = std::make_unique<Identity>(loop_, std::move(targets));
  }
  loop_.Run(std::chrono::seconds(1), [](auto) {});
}

Callers::~Callers() {
  std::promise<void> closed;
  asio::post(loop_.io, [&] {
    for (const auto& [service, identity] : identities_) identity->services.Close();
    closed.set_value();
  });
  closed.get_future().wait();
  loop_.Stop();
}

asio::awaitable<bool> Callers::Call(const std::string& as, const std::string& method,
                                    const gateway::CallMetadata& metadata,
                                    const google::protobuf::Message& request,
                                    google::protobuf::Message& answer) {
  gateway::UnaryRequest call{upstream_, method, metadata, absl::Seconds(30),
                             request.SerializeAsString()};
  const gateway::UnaryAnswer answered =
      co_await gateway::CallUnary(identities_.at(as)->outbound, std::move(call), nullptr);
  if (!answered.status.ok()) {
    std::fprintf(stderr, "%s: %s\n", method.c_str(), answered.status.error_message().c_str());
    co_return false;
  }
  co_return answer.ParseFromString(answered.message);
}

double Callers::OperationsPerSecond(int callers, double seconds,
                                    const std::function<Operation(int caller)>& make) {
  Load load;
  const auto repeat = [&load](Operation operation) -> asio::awaitable<void> {
    while (load.running()) {
      const bool succeeded = co_await operation();
      load.Note(succeeded);
    }
  };
  std::vector<std::future<void>> ends;
  for (int caller = 0; caller < callers; ++caller) {
    ends.push_back(asio::co_spawn(loop_.io, repeat(make(caller)), asio::use_future));
  }
  const double rate = load.Measure(seconds);
  for (std::future<void>& end : ends) end.get();
  load.Check();
  return rate;
}

}  // namespace cartwise::bench
