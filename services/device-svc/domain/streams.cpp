#include "domain/streams.hpp"

#include <algorithm>
#include <utility>

#include "cartwise/base/fields.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/devices.hpp"
#include "domain/reasons.hpp"

namespace cartwise::device {
namespace {

constexpr absl::Duration kOwnTime = absl::Seconds(5);
constexpr int kSweepAtMost = 200;

bool IsEpoch(const std::string& text) {
  return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool Replace(std::string& field, const std::string& by) {
  if (by.empty() || field == by) return false;
  field = by;
  return true;
}

}  // namespace

absl::Status Greeting::Check() const {
  errors::FieldErrors errors;
  errors.Require(IsEpoch(agent_epoch), "agent_epoch", "must be 32 lower-case hex digits");
  errors.Require(last_seq >= 0 && last_seq <= 1'000'000'000'000'000, "last_seq",
                 "must be 0 to 10^15");
  CheckText(errors, "firmware_version", firmware_version, 0, 100);
  CheckText(errors, "ip_address", ip_address, 0, 100);
  return errors.ToStatus();
}

Caller Streams::Myself() const {
  Caller caller = Caller::Service("device-svc");
  caller.deadline = clock_.Now() + kOwnTime;
  return caller;
}

// Stores the device; announces when it came or went.
absl::Status Streams::SetThere(Store& store, Device& device, Status status) const {
  const bool was = device.status != Status::kOffline;
  const bool is = status != Status::kOffline;
  const bool changed = device.status != status;
  device.SetStatus(status, clock_.Now());
  device.Touch(clock_.Now());
  CW_RETURN_IF_ERROR(store.UpdateDevice(device));
  if (was != is) return store.Announce({is ? "device.online" : "device.offline"}, device);
  return changed ? store.Announce({"device.updated"}, device) : absl::OkStatus();
}

absl::StatusOr<OpenedStream> Streams::Open(const Caller& caller, const Greeting& greeting) {
  CW_RETURN_IF_ERROR(greeting.Check());
  OpenedStream opened;
  opened.id = StreamId::New();
  Caller bounded = caller;
  bounded.deadline = clock_.Now() + kOwnTime;
  CW_RETURN_IF_ERROR(database_.Write(bounded, [&](Store& store) -> absl::Status {
    const absl::Time now = clock_.Now();
    CW_ASSIGN_OR_RETURN(auto device, store.LockDevice(DeviceId(caller.subject)));
    if (!device) return reasons::BadToken();
    CW_RETURN_IF_ERROR(MaySpeak(*device, greeting.token_hash, now));
    CW_ASSIGN_OR_RETURN(const auto older,
                        store.OpenStream(KeyOf(*device), {opened.id, self_, greeting.agent_epoch,
                                                          greeting.last_seq, now}));
    if (older && *older != self_) {
      CW_RETURN_IF_ERROR(
          store.Tell(*older, {Notice::Kind::kEnd, device->chain, device->id.value()}));
    }
    device->tokens.MarkUsed(greeting.token_hash, now);
    device->lifecycle = Lifecycle::kActive;
    device->last_heartbeat = now;
    Replace(device->firmware_version, greeting.firmware_version);
    Replace(device->ip_address, greeting.ip_address);
    CW_RETURN_IF_ERROR(SetThere(store, *device, Status::kOnline));
    CW_ASSIGN_OR_RETURN(opened.controllers, store.ControllersOf(KeyOf(*device)));
    opened.device = *std::move(device);
    return absl::OkStatus();
  }));
  return opened;
}

absl::Status Streams::Close(const DeviceKey& key, const StreamId& stream) {
  return database_.Write(Myself(), [&](Store& store) -> absl::Status {
    // Device before stream, as everywhere, so that no two wait for each other.
    CW_ASSIGN_OR_RETURN(auto device, store.LockDevice(key.device));
    CW_ASSIGN_OR_RETURN(const bool counted, store.CloseStream(key, stream));
    if (!counted || !device || device->status == Status::kOffline) return absl::OkStatus();
    return SetThere(store, *device, Status::kOffline);
  });
}

absl::StatusOr<Device> Streams::Admit(const Caller& caller, const std::string& token_hash) {
  std::optional<Device> device;
  Caller bounded = caller;
  bounded.deadline = clock_.Now() + kOwnTime;
  CW_RETURN_IF_ERROR(database_.Read(bounded, [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(device, store.FindDevice(DeviceId(caller.subject)));
    if (!device) return reasons::BadToken();
    return MaySpeak(*device, token_hash, clock_.Now());
  }));
  return *std::move(device);
}

absl::StatusOr<bool> Streams::Counts(const DeviceKey& device, const StreamId& stream) {
  StreamId current;
  CW_RETURN_IF_ERROR(database_.Read(Myself(), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(current, store.CurrentStream(device));
    return absl::OkStatus();
  }));
  return current == stream;
}

absl::StatusOr<std::vector<Controller>> Streams::ControllersOf(const DeviceKey& device) {
  std::vector<Controller> controllers;
  CW_RETURN_IF_ERROR(database_.Read(Myself(), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(controllers, store.ControllersOf(device));
    return absl::OkStatus();
  }));
  return controllers;
}

absl::Status Streams::BoardsSeen(
    const DeviceKey& device, const std::vector<std::pair<ControllerId, ControllerStatus>>& boards) {
  return database_.Write(Myself(), [&](Store& store) -> absl::Status {
    // Device before boards, as everywhere, so that no two wait for each other.
    CW_ASSIGN_OR_RETURN(const auto there, store.LockDevice(device.device));
    if (!there) return absl::OkStatus();
    for (const auto& [id, status] : boards) {
      CW_ASSIGN_OR_RETURN(const auto changed,
                          store.SetControllerStatus(device, id, status, clock_.Now()));
      if (!changed) continue;
      const bool found = status == ControllerStatus::kActive;
      CW_RETURN_IF_ERROR(store.Announce({found ? "controller.found" : "controller.lost"}, *changed,
                                        there->status != Status::kOffline));
    }
    return absl::OkStatus();
  });
}

absl::Status Streams::Beat(const Caller& caller, const SelfReport& report) {
  errors::FieldErrors errors;
  CheckText(errors, "firmware_version", report.firmware_version, 0, 100);
  CheckText(errors, "ip_address", report.ip_address, 0, 100);
  CW_RETURN_IF_ERROR(errors.ToStatus());

  const absl::Time now = clock_.Now();
  const auto apply = [&](Device& device) {
    bool changed = device.tokens.MarkUsed(report.token_hash, now);
    changed |= Replace(device.firmware_version, report.firmware_version);
    changed |= Replace(device.ip_address, report.ip_address);
    changed |= std::exchange(device.lifecycle, Lifecycle::kActive) != Lifecycle::kActive;
    return changed || device.status != report.status;
  };
  CW_ASSIGN_OR_RETURN(Device seen, Admit(caller, report.token_hash));
  if (!apply(seen)) {
    if (!StoredIsYoung(seen, now)) Note(KeyOf(seen), now);
    return absl::OkStatus();
  }
  return database_.Write(caller, [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(auto device, store.LockDevice(DeviceId(caller.subject)));
    if (!device) return reasons::BadToken();
    CW_RETURN_IF_ERROR(MaySpeak(*device, report.token_hash, now));
    apply(*device);
    device->last_heartbeat = now;
    return SetThere(store, *device, report.status);
  });
}

void Streams::Note(const DeviceKey& device, absl::Time at) {
  std::lock_guard lock(mutex_);
  beats_.push_back({device, at});
}

absl::Status Streams::Flush() {
  std::vector<device::Beat> beats;
  {
    std::lock_guard lock(mutex_);
    beats.swap(beats_);
  }
  if (beats.empty()) return absl::OkStatus();
  // In one order everywhere, and one row once: no deadlocks between processes.
  std::sort(beats.begin(), beats.end(), [](const auto& a, const auto& b) {
    return std::tie(a.device.device, b.at) < std::tie(b.device.device, a.at);
  });
  beats.erase(
      std::unique(beats.begin(), beats.end(),
                  [](const auto& a, const auto& b) { return a.device.device == b.device.device; }),
      beats.end());
  return log_.StoreBeats(beats);
}

absl::StatusOr<int> Streams::SweepVanished() {
  int swept = 0;
  CW_RETURN_IF_ERROR(database_.Write(Myself(), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(auto vanished,
                        store.LockVanished(RestSilentSince(clock_.Now()), kSweepAtMost));
    for (Device& device : vanished) {
      // A stream that was opened since the first look, before the lock, counts.
      CW_ASSIGN_OR_RETURN(const bool back, store.IsConnected(KeyOf(device)));
      if (back) continue;
      CW_RETURN_IF_ERROR(store.CutStream(KeyOf(device)).status());
      CW_RETURN_IF_ERROR(SetThere(store, device, Status::kOffline));
      ++swept;
    }
    return absl::OkStatus();
  }));
  return swept;
}

}  // namespace cartwise::device
