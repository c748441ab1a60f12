#include "sim/shoppers.hpp"

namespace cartwise::sim {

void Shoppers::Notice(const Event& event) {
  if (!event.board || !event.lock) return;
  const std::pair place(*event.board, *event.lock);
  if (event.name == "pushed") out_.erase(place);
  if (event.name != "taken") return;

  const Micros back_at = event.at + static_cast<Micros>(seconds_(random_) * 1e6);
  out_[place] = back_at;
  agenda_.At(back_at, [this, place](Micros now) {
    // Somebody else brought it back, and perhaps it was taken again since.
    const auto found = out_.find(place);
    if (found == out_.end() || found->second != now) return;
    // Refused only for a lock that is shut: then there is nothing to bring.
    boards_.Push(place.first, place.second, now).IgnoreError();
  });
}

}  // namespace cartwise::sim
