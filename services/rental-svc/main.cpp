#include "cartwise/process/service.hpp"
#include "commands/reseal_phones.hpp"
#include "serve.hpp"

using namespace cartwise;

int main(int argc, char** argv) {
  const auto reseal = [](const rental::Config& config, const process::Arguments&) {
    return rental::ResealPhonesCommand(config);
  };
  return process::Main<rental::Config>(
      {"rental-svc", rental::Config::FromEnv, rental::Serve, {{"reseal-phones", reseal}}}, argc,
      argv);
}
