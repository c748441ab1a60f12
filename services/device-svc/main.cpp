#include "cartwise/process/service.hpp"
#include "serve.hpp"

using namespace cartwise;

int main(int argc, char** argv) {
  return process::Main<device::Config>({"device-svc", device::Config::FromEnv, device::Serve}, argc,
                                       argv);
}
