#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "storage/fixture_pgtest.hpp"

namespace cartwise::device {

// Time enough that a slow machine does not decide a test; where a deadline is
// the point, it is in the past already.
inline constexpr absl::Duration kAmple = absl::Seconds(60);
// Time enough to send, and none to wait.
inline constexpr CommandTimes kNoPatience{-kAmple, absl::Milliseconds(10)};

// A process of this service: its registry, its waiters.
struct Process {
  TwoChains& f;
  ReplicaId self;
  FakeLinks links;
  std::atomic<int> announced = 0;
  Streams streams{f.database, f.presence, f.clock, self};
  Commands commands;

  Process(TwoChains& fixture, ReplicaId id, CommandTimes times)
      : f(fixture),
        self(std::move(id)),
        commands({f.log, f.database, links, f.clock, self, [this] { ++announced; }}, times) {
    REQUIRE_OK(streams.RenewLease());
  }

  // The device connects here; its agent does as `on_order` says.
  std::shared_ptr<FakeLink> Connect(const Device& device,
                                    std::function<void(const Order&)> on_order,
                                    const std::string& epoch = kEpoch, int64_t last_seq = 0) {
    const auto opened =
        streams.Open(TwoChains::Speaking(device), {device.tokens.current, epoch, last_seq, "", ""});
    REQUIRE_OK(opened);
    auto link = std::make_shared<FakeLink>(KeyOf(device), opened->id, epoch, f.clock);
    link->on_order = std::move(on_order);
    links.Put(device.id, link);
    return link;
  }
};

struct CommandsFixture : TwoChains {
  Process here;
  Device device = Enrolled(haifa);
  std::vector<std::thread> agents;

  explicit CommandsFixture(CommandTimes times = {}) : here(*this, self, times) {}
  ~CommandsFixture() {
    for (std::thread& agent : agents) agent.join();
  }

  NewCommand Unlock(absl::Duration ttl = kAmple) const {
    NewCommand command;
    command.id = CommandId::New();
    command.chain = device.chain;
    command.device = device.id;
    command.kind = "lock.unlock";
    command.arguments = R"({"lock": 3})";
    command.ttl = ttl;
    command.requested_by = "service:rental-svc";
    return command;
  }

  // An agent that reports this outcome, from a thread of its own as in life.
  std::function<void(const Order&)> Reports(CommandState state, std::string reason = "") {
    return [=, this](const Order& order) {
      agents.emplace_back([=, this] {
        const Outcome outcome{state, reason, R"({"pulses": 1})", 1};
        const bool heard = here.commands.Hear(Speaking(device), order.command, outcome);
        const auto told = here.commands.Report(Speaking(device), order.command, outcome, heard);
        CHECK(told.ok());
      });
    };
  }
  static std::function<void(const Order&)> SaysNothing() {
    return [](const Order&) {};
  }

  Command Found(const CommandId& id) {
    const auto found = log.Find(device.chain, id, absl::InfiniteFuture());
    REQUIRE_OK(found);
    REQUIRE(*found);
    return **found;
  }
};

}  // namespace cartwise::device
