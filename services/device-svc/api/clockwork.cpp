#include "api/clockwork.hpp"

#include <map>

#include "domain/presence.hpp"

namespace cartwise::device {
namespace {

constexpr absl::Duration kAbandonedAfter = absl::Seconds(2);
constexpr absl::Duration kOwnTime = absl::Seconds(3);
// A stream that is just being opened or closed stands in one place only.
constexpr absl::Duration kSettled = absl::Seconds(10);

}  // namespace

Clockwork::Clockwork(const StreamParts& parts, CommandLog& log) : parts_(parts), log_(log) {
  // Before the first stream: a route leads only to a process whose lease runs.
  Worry("lease not renewed", parts_.streams.RenewLease());
  thread_ = std::thread([this] { Run(); });
}

Clockwork::~Clockwork() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

bool Clockwork::Worry(const char* what, const absl::Status& status) {
  if (!status.ok()) parts_.watch.Worry(what, {}, status.ToString());
  return !status.ok();
}

void Clockwork::Run() {
  std::unique_lock lock(mutex_);
  for (int round = 0; !stopping_; ++round) {
    lock.unlock();
    EverySecond();
    if (round % 5 == 0) EveryFiveSeconds();
    lock.lock();
    stopped_.wait_for(lock, std::chrono::seconds(1), [&] { return stopping_; });
  }
}

void Clockwork::EverySecond() {
  const auto streams = parts_.registry.Watched();
  const absl::Duration now = parts_.clock.SinceBoot();
  for (const auto& stream : streams) stream->Check(now);
  parts_.watch.Connected(parts_.registry.Connected());
  Worry("heartbeats not stored", parts_.streams.Flush());
}

void Clockwork::EveryFiveSeconds() {
  // With no lease there is no use in the rest; the next round tries again.
  if (Worry("lease not renewed", parts_.streams.RenewLease())) return;
  const auto swept = parts_.streams.SweepVanished();
  if (!Worry("vanished devices not marked", swept.status()) && *swept > 0) parts_.announced();
  Worry("abandoned commands not given up",
        log_.GiveUpAbandoned(kAbandonedAfter, parts_.clock.Now() + kOwnTime).status());
  CompareStreams();
}

// The table may hold a stream that ended while the database was away, and may
// have lost one that lives: a process that renewed its lease too late was taken
// for dead, and its devices for gone.
void Clockwork::CompareStreams() {
  const auto held = parts_.streams.Held();
  if (Worry("held streams not read", held.status())) return;
  const absl::Time now = parts_.clock.Now();
  std::map<StreamId, HeldStream> in_table;
  for (const HeldStream& each : *held) in_table.emplace(each.stream, each);
  for (const auto& stream : parts_.registry.All()) {
    if (in_table.erase(stream->stream()) == 0 && now - stream->opened_at() > kSettled) {
      stream->Drop("REPLACED");
    }
  }
  for (const auto& [id, each] : in_table) {
    if (now - each.opened_at < kSettled) continue;
    Worry("orphan stream not closed", parts_.streams.Close(each.device, each.stream));
    parts_.announced();
  }
}

void Clockwork::Hear(const std::string& text) {
  const auto notice = Notice::Parse(text);
  if (Worry("unknown notice", notice.status())) return;
  if (notice->kind == Notice::Kind::kSettled) {
    return parts_.commands.Settled(CommandId(notice->id));
  }
  // What follows asks the database; the next notice does not wait for that.
  parts_.lanes.Post(notice->id, [this, heard = *notice] {
    const DeviceKey device{heard.chain, DeviceId(heard.id)};
    switch (heard.kind) {
      case Notice::Kind::kOrder:
        return parts_.commands.TakeOver(heard.chain, CommandId(heard.id));
      case Notice::Kind::kConfigure:
        return Reconfigure(device);
      case Notice::Kind::kEnd:
        return EndIfReplaced(device);
      case Notice::Kind::kSettled:
        return;
    }
  });
}

void Clockwork::CatchUp() {
  parts_.commands.TakeOverMissed();
  for (const auto& stream : parts_.registry.All()) {
    const DeviceKey device{stream->chain(), stream->device()};
    EndIfReplaced(device);
    Reconfigure(device);
  }
}

void Clockwork::Reconfigure(const DeviceKey& device) {
  const auto stream = parts_.registry.FindStream(device.device);
  if (!stream) return;
  const auto controllers = parts_.streams.ControllersOf(device);
  // A new stream begins with the boards as they are.
  if (Worry("boards not read", controllers.status())) return stream->Drop("CONFIGURATION_LOST");
  stream->Configure(*controllers);
}

void Clockwork::EndIfReplaced(const DeviceKey& device) {
  const auto stream = parts_.registry.FindStream(device.device);
  if (!stream) return;
  const auto counts = parts_.streams.Counts(device, stream->stream());
  if (!Worry("stream not looked up", counts.status()) && !*counts) stream->Drop("REPLACED");
}

}  // namespace cartwise::device
