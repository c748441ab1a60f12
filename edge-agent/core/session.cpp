#include "core/session.hpp"

#include <algorithm>

namespace cartwise::edge {
namespace {

constexpr int kPage = 100;

}  // namespace

Session::Session(OrderBook& book, EventJournal& journal, Snapshooter& hardware, const Clock& clock,
                 Failpoints& failpoints)
    : book_(book), journal_(journal), hardware_(hardware), clock_(clock), failpoints_(failpoints) {}

Greeting Session::Begin() {
  book_.BeginStream();
  caught_up_ = false;
  page_.clear();
  sent_results_.clear();
  sent_seq_ = committed_seen_ = journal_.committed();
  seq_at_begin_ = journal_.last_seq();
  return {.agent_epoch = book_.epoch(),
          .boot_clock_ms = absl::ToInt64Milliseconds(clock_.SinceBoot()),
          .last_seq = book_.last_seq()};
}

void Session::Welcomed(absl::Duration heartbeat_interval) {
  if (heartbeat_interval > absl::ZeroDuration()) interval_ = heartbeat_interval;
  welcomed_at_ = progress_at_ = next_heartbeat_ = clock_.SinceBoot();
}

std::optional<Outgoing> Session::Next() {
  const absl::Duration now = clock_.SinceBoot();
  if (now >= next_heartbeat_) {
    next_heartbeat_ = now + interval_;
    SendAgainAfterSilence(now);
    return Heartbeat{.boot_clock_ms = absl::ToInt64Milliseconds(now)};
  }
  // Asked before the results: those of earlier lives may be found at any moment.
  const bool catches_up = !caught_up_ && MayCatchUp();
  if (auto result = book_.NextResult(sent_results_)) {
    failpoints_.Hit(Failpoints::kBeforeReport);
    sent_results_.insert(result->id);
    return *std::move(result);
  }
  if (auto id = book_.TakeProving()) return Proving{*std::move(id)};
  if (auto event = NextEvent()) return *std::move(event);
  if (catches_up) {
    caught_up_ = true;
    hardware_.JournalSnapshot();
    return CaughtUp{};
  }
  if (caught_up_ && hardware_.Settled() && hardware_.TakeSnapshotWish()) {
    hardware_.JournalSnapshot();
  }
  return std::nullopt;
}

std::optional<AgentEvent> Session::NextEvent() {
  const int64_t committed = journal_.committed();
  sent_seq_ = std::max(sent_seq_, committed);
  if (!FillPage()) return std::nullopt;
  // With nothing under way the distance is a gap in the journal, not a queue.
  if (sent_seq_ > committed && page_.front().seq - committed > kWindow) return std::nullopt;
  AgentEvent event = std::move(page_.front());
  page_.pop_front();
  sent_seq_ = event.seq;
  return event;
}

bool Session::FillPage() {
  while (true) {
    if (page_.empty()) {
      for (AgentEvent& event : journal_.After(sent_seq_, kPage)) page_.push_back(std::move(event));
    }
    if (page_.empty()) return false;
    if (!Stale(page_.front())) return true;
    sent_seq_ = page_.front().seq;
    page_.pop_front();
  }
}

bool Session::Stale(const AgentEvent& event) const {
  // A snapshot says what is. One of an older stream says what was, and a newer
  // one follows anyway; its acknowledgement covers this one.
  const bool older = event.seq <= seq_at_begin_ || event.agent_epoch != book_.epoch();
  return older && event.type == hardware_.SnapshotType();
}

bool Session::MayCatchUp() const {
  // What earlier lives left comes first, and so does the end of an order that an
  // older stream brought: it may still act.
  if (!book_.recovered() || !hardware_.Recovered()) return false;
  if (book_.OlderRunning()) return false;
  return hardware_.Settled() || clock_.SinceBoot() >= welcomed_at_ + kLongestSettling;
}

void Session::SendAgainAfterSilence(absl::Duration now) {
  const int64_t committed = journal_.committed();
  std::erase_if(sent_results_, [&](const CommandId& id) { return !book_.Waiting(id); });
  const bool waiting = sent_seq_ > committed || !sent_results_.empty();
  if (committed != committed_seen_ || !waiting) {
    committed_seen_ = committed;
    progress_at_ = now;
  }
  if (now < progress_at_ + kPatience) return;
  progress_at_ = now;
  sent_seq_ = committed;
  page_.clear();
  sent_results_.clear();
}

}  // namespace cartwise::edge
