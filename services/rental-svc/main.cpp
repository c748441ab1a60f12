#include "cartwise/process/service.hpp"
#include "commands/reseal_phones.hpp"
#include "serve.hpp"

using namespace cartwise;

int main(int argc, char** argv) {
  return process::Main<rental::Config>({"rental-svc",
                                        rental::Config::FromEnv,
                                        rental::Serve,
                                        {{"reseal-phones", rental::ResealPhonesCommand}}},
                                       argc, argv);
}
