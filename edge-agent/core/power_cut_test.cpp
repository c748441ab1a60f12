#include <catch2/catch.hpp>

#include "core/life_fake.hpp"

namespace cartwise::edge {
namespace {

/// One unlock under a power cut, and the life after it.
struct Story {
  World world;
  CommandId order;
  bool cut = false;

  void FirstLife() {
    world.rack.boards[0] = {};
    auto life = std::make_unique<Life>(world);
    life->Configure();
    life->Settle();
    const SignedOrder unlock = life->MakeUnlock(0, 3);
    order = unlock.order.id;
    arm();
    try {
      life->book.Offer(unlock);
      life->RunOrder(order);
      life->Run(absl::Milliseconds(200));
      life->session.Begin();
      life->session.Welcomed(absl::Seconds(5));
      for (int i = 0; i < 50; ++i) life->session.Next();
    } catch (const PowerCut&) {
      cut = true;
    }
    world.disk.writes_until_cut = -1;
    world.failpoints.cut_at.clear();
  }

  std::function<void()> arm;

  /// What the cloud hears before CaughtUp about the order; empty for nothing.
  std::string SecondLife() {
    world.rack.clock.Advance(absl::Seconds(2));
    Life life(world);
    life.Configure();
    life.Run(absl::Seconds(1));
    // The cloud may still send the old order along.
    life.session.Begin();
    life.session.Welcomed(absl::Seconds(5));
    std::string heard;
    for (int i = 0; i < 100; ++i) {
      const auto message = life.session.Next();
      if (!message) {
        life.journal.Flush();
        continue;
      }
      if (const auto* result = std::get_if<CommandResult>(&*message);
          result && result->id == order) {
        heard = std::string(OutcomeName(result->outcome));
      }
      if (std::holds_alternative<CaughtUp>(*message)) break;
    }
    opened = life.Events("lock.opened");
    return heard;
  }

  std::vector<AgentEvent> opened;
};

/// A pulse happened at most once, and the cloud never hears that it did not, nor
/// of an opening that nobody ordered.
void CheckHonest(Story& story) {
  const size_t pulses = story.world.rack.Pulses().size();
  const std::string heard = story.SecondLife();
  CAPTURE(pulses, heard);
  CHECK(pulses <= 1);
  CHECK(story.world.rack.Pulses().size() == pulses);
  if (pulses == 1) {
    CHECK((heard == "SUCCEEDED" || heard == "UNKNOWN"));
    REQUIRE(story.opened.size() == 1);
    CHECK(story.opened[0].payload.Text("command_id") == story.order.value());
  } else {
    // No word, or UNKNOWN when the intent was noted; never a success.
    CHECK((heard.empty() || heard == "UNKNOWN"));
    CHECK(story.opened.empty());
  }
}

TEST_CASE("the power cut at each step of a command: never a second pulse", "[power]") {
  const std::string step = GENERATE("after_accept", "after_intent", "after_pulse", "after_read",
                                    "after_result", "before_report");
  CAPTURE(step);
  Story story;
  story.arm = [&] { story.world.failpoints.cut_at = step; };

  story.FirstLife();

  CHECK(story.cut);
  CheckHonest(story);
}

TEST_CASE("the power cut at each write of the disk: never a second pulse", "[power]") {
  const bool after = GENERATE(false, true);
  for (int write = 0;; ++write) {
    CAPTURE(after, write);
    Story story;
    story.arm = [&] {
      story.world.disk.writes_until_cut = write;
      story.world.disk.cut_after_write = after;
    };

    story.FirstLife();

    CheckHonest(story);
    if (!story.cut) {
      CHECK(write >= 3);
      break;
    }
  }
}

TEST_CASE("a lock change is on disk or seen again: none is lost to a power cut", "[power]") {
  const bool after = GENERATE(false, true);
  World world;
  world.rack.boards[0] = {};
  {
    Life life(world);
    life.Configure();
    life.Settle();
    life.journal.Flush();
    world.disk.writes_until_cut = 0;
    world.disk.cut_after_write = after;
    world.rack.Open(0, 9);
    CHECK_THROWS_AS(life.Run(absl::Seconds(1)), PowerCut);
    world.disk.writes_until_cut = -1;
  }

  Life second(world);
  second.Configure();
  second.Run(absl::Seconds(1));

  CHECK(second.Events("lock.opened").size() == 1);
}

}  // namespace
}  // namespace cartwise::edge
