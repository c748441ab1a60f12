#include "cartwise/process/service.hpp"
#include "serve.hpp"

using namespace cartwise;

int main(int argc, char** argv) {
  return process::Main<telemetry::Config>(
      {"telemetry-svc", telemetry::Config::FromEnv, telemetry::Serve}, argc, argv);
}
