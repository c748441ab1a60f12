#include "api/clockwork.hpp"

#include <absl/time/clock.h>

#include "cartwise/obs/log.hpp"
#include "domain/presence.hpp"

namespace cartwise::device {
namespace {

constexpr absl::Duration kAllowance = absl::Seconds(2);
// A stream that is just being opened stands in the table before it stands in
// the registry.
constexpr absl::Duration kOrphanAge = absl::Seconds(10);

void Complain(const char* what, const absl::Status& status) {
  if (!status.ok()) obs::Warning(what, {{"why", std::string(status.message())}});
}

}  // namespace

Clockwork::Clockwork(const StreamParts& parts, CommandLog& log) : parts_(parts), log_(log) {
  // Before the first stream: a route leads only to a process whose lease runs.
  Complain("lease not renewed", parts_.streams.RenewLease());
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
  const absl::Duration now = parts_.clock.SinceBoot();
  for (const auto& stream : parts_.registry.Watched()) stream->Check(now);
  Complain("heartbeats not stored", parts_.streams.Flush());
}

void Clockwork::EveryFiveSeconds() {
  Complain("lease not renewed", parts_.streams.RenewLease());
  const auto swept = parts_.streams.SweepVanished();
  Complain("vanished devices not marked", swept.status());
  if (swept.ok() && *swept > 0) parts_.announced();
  Complain("abandoned commands not given up",
           log_.GiveUpAbandoned(kAllowance, absl::Now() + absl::Seconds(3)).status());
  CloseOrphans();
}

// Streams that the table holds for this process and that are not here.
void Clockwork::CloseOrphans() {
  const auto held = parts_.streams.Held();
  if (!held.ok()) return Complain("held streams not read", held.status());
  for (const HeldStream& each : *held) {
    const auto stream = parts_.registry.FindStream(each.device.device);
    const bool here = stream && stream->stream() == each.stream;
    if (here || parts_.clock.Now() - each.opened_at < kOrphanAge) continue;
    Complain("orphan stream not closed", parts_.streams.Close(each.device, each.stream));
    parts_.announced();
  }
}

void Clockwork::Hear(const std::string& text) {
  const auto notice = Notice::Parse(text);
  if (!notice.ok()) return Complain("unknown notice", notice.status());
  switch (notice->kind) {
    case Notice::Kind::kOrder:
      parts_.commands.TakeOver(notice->chain, CommandId(notice->id));
      break;
    case Notice::Kind::kSettled:
      parts_.commands.Settled(CommandId(notice->id));
      break;
    case Notice::Kind::kConfigure:
      Reconfigure(notice->chain, DeviceId(notice->id));
      break;
    case Notice::Kind::kEnd:
      EndIfReplaced(notice->chain, DeviceId(notice->id));
      break;
  }
}

void Clockwork::CatchUp() {
  parts_.commands.TakeOverMissed();
  for (const auto& stream : parts_.registry.Watched()) {
    EndIfReplaced(stream->chain(), stream->device());
    Reconfigure(stream->chain(), stream->device());
  }
}

void Clockwork::Reconfigure(const ChainId& chain, const DeviceId& device) {
  const auto stream = parts_.registry.FindStream(device);
  if (!stream) return;
  const auto controllers = parts_.streams.ControllersOf({chain, device});
  if (!controllers.ok()) return stream->Drop("its boards could not be read");
  stream->Configure(*controllers);
}

void Clockwork::EndIfReplaced(const ChainId& chain, const DeviceId& device) {
  const auto stream = parts_.registry.FindStream(device);
  if (!stream) return;
  const auto counts = parts_.streams.Counts({chain, device}, stream->stream());
  if (counts.ok() && !*counts) stream->Drop("REPLACED");
}

}  // namespace cartwise::device
