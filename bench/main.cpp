// Measures the fleet against what this machine can do at best, in one run.
// See docs/performance.md.

#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "sections.hpp"

using namespace cartwise;

namespace {

struct Section {
  const char* name;
  std::vector<bench::Figure> (*run)(fleet::Fleet&, const bench::Effort&);
};

constexpr Section kSections[] = {
    {"memory", bench::IdleMemory},        {"unlock", bench::Unlocks},
    {"return", bench::Returns},           {"assign_return", bench::AssignReturn},
    {"rest_list", bench::RestList},       {"telemetry", bench::Telemetry},
    {"token_check", bench::TokenCheck},   {"noisy_chain", bench::NoisyChain},
    {"slow_clients", bench::SlowClients}, {"agent_memory", bench::AgentMemory}};

}  // namespace

int main(int argc, char** argv) {
  bench::Effort effort;
  std::string json, only;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--smoke") == 0) {
      effort = {.seconds = 1, .rounds = 1, .unlocks = 20, .agents = 50};
    } else if (std::strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
      json = argv[++i];
    } else if (std::strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
      only = argv[++i];
    } else {
      std::fprintf(stderr, "usage: cartwise-bench [--json FILE] [--only SECTION] [--smoke]\n");
      return 2;
    }
  }
  std::vector<bench::Figure> figures;
  // One caller plays thousands.
  fleet::Fleet fleet(
      {{"CARTWISE_GATEWAY_RATE_PRINCIPAL", "0"}, {"CARTWISE_GATEWAY_RATE_CHAIN", "0"}});
  for (const Section& section : kSections) {
    if (!only.empty() && only != section.name) continue;
    for (const bench::Figure& figure : section.run(fleet, effort)) {
      bench::Print(figure);
      figures.push_back(figure);
    }
  }
  if (!json.empty()) std::ofstream(json) << bench::ToJson(figures).dump(2) << "\n";
  return 0;
}
