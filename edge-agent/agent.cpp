#include "agent.hpp"

#include <absl/time/clock.h>

#include "cartwise/base/ids.hpp"
#include "cartwise/base/status_macros.hpp"
#include "linux/machine_health.hpp"
#include "linux/punctual.hpp"

namespace cartwise::edge {
namespace {

constexpr absl::Duration kHealthEvery = absl::Seconds(60);
constexpr absl::Duration kCheckpointEvery = absl::Seconds(60);
constexpr absl::Duration kFlushEvery = absl::Seconds(1);
/// What comes at the same time shares a write to the disk, which stands back behind the result of
/// an order.
constexpr absl::Duration kFlushGathers = absl::Milliseconds(5);

std::string NewEpoch() {
  std::string epoch = NewUuid();
  std::erase(epoch, '-');
  return epoch;
}

}  // namespace

struct Agent::BusKit {
  BusKit(const Config::BusEntry& entry, LockDriver& locks, const Clock& clock, Diary& diary,
         Failpoints& failpoints)
      : opener(entry.settings.port, entry.settings.baudrate, entry.rts_mode, clock, diary),
        bell(clock),
        bus(entry.settings, {opener, clock, bell, locks, diary, failpoints}) {}

  SerialPortOpener opener;
  ThreadDoorbell bell;
  Bus bus;
};

Agent::Agent(const Config& config, Diary& diary, Failpoints& failpoints)
    : config_(config),
      diary_(diary),
      files_(config.state_dir),
      event_store_(config.state_dir),
      order_store_(config.state_dir),
      upload_store_(config.state_dir),
      control_bell_(clock_),
      writer_bell_(clock_),
      upload_bell_(clock_),
      health_bell_(clock_),
      enroll_bell_(clock_),
      book_({order_store_, keys_, clock_, diary, control_bell_, failpoints}, NewEpoch()),
      journal_(event_store_, clock_, diary, book_.epoch(), writer_bell_, control_bell_),
      uploads_(upload_store_, clock_, diary, upload_bell_),
      locks_(journal_, book_, clock_, diary, control_bell_),
      session_(book_, journal_, locks_, clock_, failpoints),
      cloud_(config.gateway, config.ca_pem),
      control_({cloud_, session_, book_, journal_, control_bell_, clock_, diary,
                [this] { return Token(); },
                [this](const std::vector<BoardConfig>& boards) { Configure(boards); },
                [this](const VouchedOrderKeys& keys) { TakeOrderKeys(keys); }}),
      upload_({cloud_, uploads_, upload_bell_, clock_, diary, [this] { return Token(); }}) {
  for (const Config::BusEntry& entry : config.buses) {
    buses_.push_back(std::make_unique<BusKit>(entry, locks_, clock_, diary, failpoints));
    locks_.Add(buses_.back()->bus);
  }
  book_.Add(locks_);
}

Agent::~Agent() {
  Stop();
}

absl::Status Agent::Start() {
  CW_ASSIGN_OR_RETURN(const std::optional<Identity> known, files_.LoadIdentity());
  book_.Recover();
  TellOfLosses();
  if (known) TakeIdentity(*known);
  // Boards of the last time: the agent polls while the cloud is away.
  if (const auto boards = files_.LoadBoards(); known && !boards.empty()) {
    configured_ = boards;
    locks_.Configure(boards);
  }
  for (const auto& kit : buses_) {
    threads_.emplace_back([this, &bus = kit->bus] {
      BePunctual();
      while (!stopping_ || bus.busy()) bus.RunOnce();
    });
  }
  threads_.emplace_back([this] { FlushLoop(); });
  threads_.emplace_back([this] { HealthLoop(); });
  threads_.emplace_back([this] { Cloudward(); });
  return absl::OkStatus();
}

void Agent::Cloudward() {
  if (Token().empty() && !Enroll()) return;
  std::thread upload([this] { upload_.Run(); });
  control_.Run();
  upload.join();
}

void Agent::Stop() {
  if (stopping_.exchange(true)) return;
  control_.Stop();
  upload_.Stop();
  writer_bell_.Ring();
  health_bell_.Ring();
  enroll_bell_.Ring();
  for (const auto& kit : buses_) kit->bell.Ring();
  for (std::thread& thread : threads_) thread.join();
  journal_.Flush();
}

bool Agent::Enroll() {
  const Enrollment enrollment{config_.enrollment_key, config_.mac_address, config_.device_name,
                              config_.serial_number};
  Backoff backoff;
  while (AwaitDisk(backoff)) {
    const auto identity = cloud_.Register(enrollment);
    if (identity.ok()) {
      ChangeIdentity([&](Identity& changed) { changed = *identity; });
      diary_.Info("enrolled", {{"device_id", identity->device.value()}});
      return true;
    }
    const bool refused = IsRefusal(identity.status());
    diary_.Error(refused
                     ? "the cloud refuses to enroll this device; it needs another enrollment key"
                     : "not enrolled yet; the cloud is away",
                 {{"code", absl::StatusCodeToString(identity.status().code())},
                  {"why", std::string(identity.status().message())}});
    Pause(refused ? backoff.AfterRefusal() : backoff.Next());
  }
  return false;
}

bool Agent::AwaitDisk(Backoff& backoff) {
  // An identity that is lost with a restart could not be claimed a second time.
  while (!stopping_) {
    const absl::Status status = files_.TrySaving();
    if (status.ok()) return true;
    diary_.Error("not enrolled yet; the disk takes no identity",
                 {{"why", std::string(status.message())}});
    Pause(backoff.Next());
  }
  return false;
}

bool Agent::Pause(absl::Duration duration) {
  const absl::Duration until = clock_.SinceBoot() + duration;
  while (!stopping_ && clock_.SinceBoot() < until) enroll_bell_.WaitUntil(until);
  return !stopping_;
}

void Agent::TakeIdentity(const Identity& identity) {
  if (const absl::Status pinned = keys_.SetKeys(identity.order_keys); !pinned.ok()) {
    diary_.Error("the cloud's order keys are unusable; every order will be refused",
                 {{"why", std::string(pinned.message())}});
  }
  book_.SetOwner(identity.device, identity.chain);
  std::lock_guard lock(mutex_);
  identity_ = identity;
}

void Agent::ChangeIdentity(const std::function<void(Identity&)>& change) {
  std::lock_guard one_at_a_time(changing_);
  Identity identity = Known();
  change(identity);
  Save(identity);
  TakeIdentity(identity);
}

bool Agent::SaveKnown() {
  std::lock_guard one_at_a_time(changing_);
  return Save(Known());
}

bool Agent::Save(const Identity& identity) {
  const absl::Status saved = files_.SaveIdentity(identity);
  unsaved_ = !saved.ok();
  if (unsaved_) {
    diary_.Error("the identity cannot be saved; a restart now would need an installer",
                 {{"why", std::string(saved.message())}});
  }
  return saved.ok();
}

void Agent::SaveWhatIsUnsaved() {
  std::lock_guard one_at_a_time(changing_);
  if (unsaved_) Save(Known());
}

void Agent::TakeOrderKeys(const VouchedOrderKeys& keys) {
  if (keys.pems == Known().order_keys) return;
  if (!keys_.Vouch(keys) || !auth::KeySet::FromPem(keys.pems).ok()) {
    diary_.Error("new order keys were refused: no key that this agent trusts vouches for them", {});
    return;
  }
  ChangeIdentity([&](Identity& identity) { identity.order_keys = keys.pems; });
  diary_.Info("the cloud signs orders with new keys", {});
}

Identity Agent::Known() const {
  std::lock_guard lock(mutex_);
  return identity_;
}

std::string Agent::Token() const {
  return Known().device_token;
}

void Agent::Configure(const std::vector<BoardConfig>& boards) {
  // Nothing new: what is known of the locks stays, and no snapshot is due.
  if (configured_ == boards) return;
  configured_ = boards;
  if (const absl::Status saved = files_.SaveBoards(boards); !saved.ok()) {
    diary_.Warning("the boards cannot be saved", {{"why", std::string(saved.message())}});
  }
  locks_.Configure(boards);
}

void Agent::FlushLoop() {
  absl::Duration checkpoint = clock_.SinceBoot();
  while (!stopping_) {
    TellOfLosses();
    journal_.Flush();
    book_.Recover();
    locks_.Recover();
    if (clock_.SinceBoot() > checkpoint + kCheckpointEvery) {
      checkpoint = clock_.SinceBoot();
      order_store_.Checkpoint().IgnoreError();
    }
    writer_bell_.WaitUntil(clock_.SinceBoot() + kFlushEvery);
    absl::SleepFor(kFlushGathers);
  }
}

void Agent::TellOfLosses() {
  const std::pair<const char*, std::string> losses[] = {{"orders.db", order_store_.TakeLoss()},
                                                        {"uploads.db", upload_store_.TakeLoss()}};
  for (const auto& [file, loss] : losses) {
    if (loss.empty()) continue;
    diary_.Error("a file is damaged; moved aside, going on with a new one",
                 {{"file", file}, {"fault", loss}});
    journal_.Append(
        {.type = "agent.journal_gap", .payload = Value::Object{{"file", file}, {"reason", loss}}});
  }
}

void Agent::HealthLoop() {
  absl::Duration next = clock_.SinceBoot();
  while (!stopping_) {
    if (const absl::Duration now = clock_.SinceBoot(); now >= next) {
      next = now + kHealthEvery;
      std::vector<BusFigures> figures;
      for (const auto& kit : buses_) figures.push_back(kit->bus.figures());
      uploads_.Append("agent.health",
                      HealthReport(ReadMachineHealth(config_.state_dir, clock_), figures,
                                   {journal_.lost(), uploads_.dropped(), uploads_.waiting()}));
      SaveWhatIsUnsaved();
      RotateTokenWhenDue();
    }
    health_bell_.WaitUntil(next);
  }
}

void Agent::RotateTokenWhenDue() {
  const Identity identity = Known();
  const auto due = HalfLife(identity.device_token);
  if (!due || clock_.Now() < *due) return;
  // The cloud forgets the old token; the new one must not live in memory alone.
  if (!SaveKnown()) return;
  auto token = cloud_.RotateToken(identity);
  if (!token.ok()) {
    diary_.Warning("the token was not rotated; trying again in a minute",
                   {{"why", std::string(token.status().message())}});
    return;
  }
  ChangeIdentity([&](Identity& changed) { changed.device_token = *std::move(token); });
  diary_.Info("the token was rotated");
  control_.Reconnect();
  upload_.Reconnect();
}

}  // namespace cartwise::edge
