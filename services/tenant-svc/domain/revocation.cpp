#include "domain/revocation.hpp"

#include <utility>

namespace cartwise::tenant {
namespace {

// A watcher that is so slow reads them from the database instead.
constexpr size_t kMostWaiting = 10'000;

}  // namespace

RevocationFeed::Watch::Watch(RevocationFeed& feed) : feed_(feed) {
  news_.missed = true;
  std::lock_guard lock(feed_.mutex_);
  feed_.watches_.insert(this);
}

RevocationFeed::Watch::~Watch() {
  std::lock_guard lock(feed_.mutex_);
  feed_.watches_.erase(this);
}

RevocationFeed::News RevocationFeed::Watch::Next(absl::Duration most) {
  std::unique_lock lock(feed_.mutex_);
  feed_.changed_.wait_for(lock, absl::ToChronoMilliseconds(most), [this] {
    return feed_.closed_ || news_.missed || !news_.revocations.empty();
  });
  News news = std::exchange(news_, {});
  news.over = feed_.closed_;
  return news;
}

void RevocationFeed::Heard(const Revocation& revocation) {
  std::lock_guard lock(mutex_);
  for (Watch* const watch : watches_) {
    News& news = watch->news_;
    if (news.missed) continue;
    news.revocations.push_back(revocation);
    if (news.revocations.size() <= kMostWaiting) continue;
    news.revocations.clear();
    news.missed = true;
  }
  changed_.notify_all();
}

void RevocationFeed::Missed() {
  std::lock_guard lock(mutex_);
  for (Watch* const watch : watches_) watch->news_ = {{}, true, false};
  changed_.notify_all();
}

void RevocationFeed::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace cartwise::tenant
